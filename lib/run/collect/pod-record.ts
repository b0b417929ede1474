import type { PodRecord } from '../../core/run-folder.ts'
import type { V1Pod } from '../../kube/types.ts'
import type { Change } from '../../kube/watch.ts'

/** A line of pods.jsonl. A pod that is being deleted is `Terminating`, as kubectl says it. */
export const podRecord = (change: Change, { metadata, spec, status }: V1Pod, at: number): PodRecord => {
  const [first] = status?.containerStatuses ?? []
  const ended = first?.state?.terminated ?? first?.lastState?.terminated
  return {
    at,
    change,
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    node: spec?.nodeName ?? null,
    phase: metadata?.deletionTimestamp === undefined ? (status?.phase ?? 'Unknown') : 'Terminating',
    ready: status?.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True') ?? false,
    restarts: first?.restartCount ?? 0,
    reason: first?.state?.waiting?.reason ?? first?.state?.terminated?.reason ?? status?.reason ?? null,
    exitCode: ended?.exitCode ?? null,
  }
}

/** Tells whether a record says anything that the last one of its pod did not. */
export const changeFilter = (): ((record: PodRecord) => boolean) => {
  const last = new Map<string, string>()
  return (record) => {
    const { at: _at, change, ...state } = record
    const text = JSON.stringify([change === 'deleted', state])
    if (last.get(record.uid) === text) return false
    last.set(record.uid, text)
    return true
  }
}
