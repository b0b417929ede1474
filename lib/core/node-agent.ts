/** The reason of an Event on a pod that a node agent before this one ran, and that has been started again with this one. */
export const AGENT_RESTARTED = 'NodeAgentRestarted'
