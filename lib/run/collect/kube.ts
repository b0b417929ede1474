import { join } from 'node:path'
import { errorMessage } from '../../core/errors.ts'
import { RUN_FILES } from '../../core/run-folder.ts'
import type { Kube } from '../../kube/client.ts'
import type { CoreV1Event } from '../../kube/pod-types.ts'
import type { V1Pod } from '../../kube/types.ts'
import { watchCollection } from '../../kube/watch.ts'
import { eventRecord } from './event-record.ts'
import { growingJsonl, type OnProblem } from './jsonl.ts'
import { logCollector } from './logs.ts'
import { changeFilter, podRecord } from './pod-record.ts'

export interface WatchKubeOptions {
  kube: Kube
  namespace: string
  runDir: string
  /** Milliseconds since the epoch: events from before are somebody else's. */
  from: number
  onProblem: OnProblem
  signal: AbortSignal
}

/** Records the namespace's events, every change of its pods, and their logs, until the signal. Never rejects. */
export const watchKube = async (options: WatchKubeOptions): Promise<void> => {
  const logs = logCollector(options)
  await Promise.all([watchEvents(options), watchPods(options, (pod) => logs.see(pod))])
  await logs.finished()
}

// --- Internal helpers ---

const watchEvents = ({ kube, namespace, runDir, from, onProblem, signal }: WatchKubeOptions): Promise<void> => {
  const file = growingJsonl(join(runDir, RUN_FILES.events), onProblem)
  // Events know whole seconds only.
  const since = Math.floor(from / 1_000) * 1_000
  return watchCollection<CoreV1Event>({
    kube,
    path: `/api/v1/namespaces/${namespace}/events`,
    list: () => kube.core.listNamespacedEvent({ namespace }),
    onChange: (change, event) => {
      const record = eventRecord(event)
      if (change !== 'deleted' && record.at >= since) file.append(record)
    },
    onError: once((error) => onProblem(`events were not watched for a while: ${errorMessage(error)}`)),
    signal,
  })
}

const watchPods = (
  { kube, namespace, runDir, onProblem, signal }: WatchKubeOptions,
  onPod: (pod: V1Pod) => void,
): Promise<void> => {
  const file = growingJsonl(join(runDir, RUN_FILES.pods), onProblem)
  const isNews = changeFilter()
  return watchCollection<V1Pod>({
    kube,
    path: `/api/v1/namespaces/${namespace}/pods`,
    list: () => kube.core.listNamespacedPod({ namespace }),
    onChange: (change, pod) => {
      const record = podRecord(change, pod, Date.now())
      if (isNews(record)) file.append(record)
      if (change !== 'deleted') onPod(pod)
    },
    onError: once((error) => onProblem(`pods were not watched for a while: ${errorMessage(error)}`)),
    signal,
  })
}

/** The watch tries again and again; one word of it is enough. */
const once = (tell: (error: unknown) => void): ((error: unknown) => void) => {
  let told = false
  return (error) => {
    if (!told) tell(error)
    told = true
  }
}
