import { AGENT_RESTARTED } from '../../core/node-agent.ts'
import type { V1Pod } from '../../kube/pod-types.ts'
import type { PodEvent } from './events.ts'

const EVENT: PodEvent = {
  type: 'Warning',
  reason: AGENT_RESTARTED,
  message: 'The node agent was killed, and all containers with it: they are started again',
}

/**
 * What is to be told of a pod that the API has, if anything: that it ran already when this agent saw it first, so another agent ran it,
 * which is no more. Nobody would know from the pod alone why it restarted.
 */
export const orphanEvents = (): ((pod: V1Pod) => PodEvent | null) => {
  const seen = new Set<string>()
  return ({ metadata, status }) => {
    const { uid = '' } = metadata ?? {}
    const isFirst = !seen.has(uid)
    seen.add(uid)
    const ran = status?.containerStatuses?.some(({ state }) => state?.running !== undefined) ?? false
    return isFirst && ran ? EVENT : null
  }
}
