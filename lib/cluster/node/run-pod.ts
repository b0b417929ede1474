import type { V1Container } from '../../kube/pod-types.ts'
import { runContainer } from './container-loop.ts'
import type { PodHost } from './pod-host.ts'
import { type ContainerRecord, waiting } from './records.ts'
import { stopContainer } from './stop-container.ts'

/**
 * All containers of a pod: init containers one after the other (sidecars among them stay), then the others side by
 * side. When those are done, or the pod stops, the sidecars are stopped too. Resolves when nothing runs.
 */
export const runPod = async (
  host: PodHost,
  records: readonly ContainerRecord[],
  /** No container is to be started any more. */
  finish: () => void,
): Promise<void> => {
  const { initContainers = [], containers = [], restartPolicy = 'Always' } = host.pod().spec ?? {}
  const recordOf = ({ name }: V1Container): ContainerRecord => {
    const record = records.find((known) => known.name === name)
    if (record === undefined) throw new Error(`no record of container ${name}`)
    return record
  }
  const main = containers.map((container) => ({ container, record: recordOf(container) }))
  const sidecars: Promise<void>[] = []
  let initialized = true

  // Only an agent that was started anew finds containers that have ended.
  if (main.some(({ record }) => record.state.kind !== 'terminated')) {
    for (const container of initContainers) {
      const record = recordOf(container)
      if (record.role === 'sidecar') {
        sidecars.push(runContainer(host, container, record, () => true))
        await untilStarted(host, record)
      } else {
        await runContainer(host, container, record, (exitCode) => exitCode !== 0 && restartPolicy !== 'Never')
        initialized = record.state.kind === 'terminated' && record.state.ended.exitCode === 0
      }
      if (!initialized || host.stopping.aborted) break
    }
    if (initialized && !host.stopping.aborted) {
      for (const { record } of main) {
        if (record.state.kind === 'waiting') record.state = waiting('ContainerCreating')
      }
      const restarts = (exitCode: number): boolean =>
        restartPolicy === 'Always' || (restartPolicy === 'OnFailure' && exitCode !== 0)
      await Promise.all(
        main
          .filter(({ record }) => record.state.kind !== 'terminated')
          .map(({ container, record }) => runContainer(host, container, record, restarts)),
      )
    }
  }
  finish()
  for (const running of [...host.running.values()].toReversed()) {
    void stopContainer(running, host.graceMs())
  }
  await Promise.all(sidecars)
}

// --- Internal helpers ---

const POLL_MS = 50

const untilStarted = async ({ stopping }: PodHost, record: ContainerRecord): Promise<void> => {
  while (!record.started && !stopping.aborted) await new Promise((resolve) => setTimeout(resolve, POLL_MS))
}
