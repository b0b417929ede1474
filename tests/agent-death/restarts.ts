import { servingState } from '../../chaos/controller/serving.ts'
import { until } from '../../lib/core/until.ts'
import type { Kube } from '../../lib/kube/client.ts'
import type { V1Pod } from '../../lib/kube/types.ts'

export const podsOf = async (kube: Kube): Promise<V1Pod[]> => (await kube.core.listPodForAllNamespaces()).items

/** Until nothing is told of any more that ran then: each pod has been started again, has ended, or is gone. */
export const untilAgain = async (kube: Kube, then: readonly V1Pod[]): Promise<void> => {
  const ran = new Map(then.filter(isRunning).map((pod) => [pod.metadata?.uid, restartsOf(pod)]))
  const isOld = (pod: V1Pod): boolean => isRunning(pod) && restartsOf(pod) <= (ran.get(pod.metadata?.uid) ?? -1)
  const isOver = async (): Promise<boolean> => !(await podsOf(kube)).some(isOld)
  await until(isOver, { what: 'all pods to be started again', timeoutMs: 30_000, everyMs: 100 })
}

export const allReady = (kube: Kube, namespace: string): Promise<void> => {
  const isReady = async (): Promise<boolean> => {
    const { ready, replicas, settled } = await servingState(kube, namespace, 'app=vllm')
    return ready === replicas && settled !== false
  }
  return until(isReady, { what: 'all serving pods', timeoutMs: 40_000, everyMs: 100 })
}

// --- Internal helpers ---

const isRunning = ({ status }: V1Pod): boolean =>
  status?.containerStatuses?.some(({ state }) => state?.running !== undefined) ?? false

const restartsOf = ({ status }: V1Pod): number =>
  status?.containerStatuses?.reduce((sum, { restartCount }) => sum + restartCount, 0) ?? 0
