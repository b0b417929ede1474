import type { Kube } from '../lib/kube/client.ts'

type Deployment = Awaited<ReturnType<Kube['apps']['listNamespacedDeployment']>>['items'][number]
type DaemonSet = Awaited<ReturnType<Kube['apps']['listNamespacedDaemonSet']>>['items'][number]
type Pod = Awaited<ReturnType<Kube['core']['listNamespacedPod']>>['items'][number]

/** As `kubectl rollout status`: the newest version is there in full, ready, and nothing older is left. */
export const deploymentReady = ({ metadata, spec, status }: Deployment): boolean => {
  const wanted = spec?.replicas ?? 1
  const counts = [status?.replicas, status?.updatedReplicas, status?.readyReplicas, status?.availableReplicas]
  return seen(metadata?.generation, status?.observedGeneration) && counts.every((count = 0) => count === wanted)
}

export const daemonSetReady = ({ metadata, status }: DaemonSet): boolean => {
  const wanted = status?.desiredNumberScheduled ?? 0
  const counts = [status?.updatedNumberScheduled, status?.numberReady]
  return (
    wanted > 0 && seen(metadata?.generation, status?.observedGeneration) && counts.every((count) => count === wanted)
  )
}

export const podReady = ({ status }: Pod): boolean =>
  status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false

/** Why a pod is not ready, in one line: its scheduler's word, or what its first unready container waits for or died of. */
export const podTrouble = ({ status }: Pod): string => {
  const unscheduled = status?.conditions?.find(
    ({ type, status: value }) => type === 'PodScheduled' && value === 'False',
  )
  if (unscheduled !== undefined) return `${unscheduled.reason}: ${unscheduled.message}`
  const container = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].find(
    ({ ready }) => !ready,
  )
  if (container === undefined) return status?.phase ?? 'Unknown'
  const { waiting, terminated } = container.state ?? {}
  const ended = terminated ?? container.lastState?.terminated
  const exit = ended === undefined ? '' : ` (exit code ${ended.exitCode}, ${ended.reason})`
  return `${container.name} ${waiting?.reason ?? terminated?.reason ?? 'runs, but is not ready'}${exit}`
}

// --- Internal helpers ---

const seen = (generation: number | undefined, observed: number | undefined): boolean =>
  observed !== undefined && observed >= (generation ?? 0)
