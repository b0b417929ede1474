/** One process of the cluster. */
export interface PartSpec {
  /** Also the name of its log: logs/NAME.log. */
  name: string
  command: readonly string[]
  /** Above the environment that every part has. */
  env: Record<string, string>
}

/** All that the supervisor is told: it decides nothing about the cluster, it runs it. Paths are absolute. */
export interface SupervisorPlan {
  clusterId: string
  /** Held for as long as the cluster runs. */
  networkLock: string
  logs: string
  infoFile: string
  failureFile: string
  /** Written to `infoFile` once the cluster is ready. */
  info: Record<string, unknown>
  api: { url: string; caFile: string; certFile: string; keyFile: string }
  /** Started at once. */
  first: PartSpec[]
  /** Started when the API is ready. */
  next: PartSpec[]
  /** Started with them; stopped before all others. */
  agent: PartSpec
  /** An agent that is killed so often within a minute is not started again. */
  agentDeaths: number
}

/** The reason of a start that may be tried again: somebody else claimed the network in between. */
export const NETWORK_TAKEN = 'lost its pod network'
