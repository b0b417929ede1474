import { once } from 'node:events'
import { errorMessage } from '../../core/errors.ts'
import type { V1Container } from '../../kube/pod-types.ts'
import { type Backoff, nextRestart } from './backoff.ts'
import { ContainerProblem } from './env.ts'
import { watchContainer } from './watch-container.ts'
import { pause } from './pause.ts'
import type { PodHost } from './pod-host.ts'
import { type ContainerRecord, type ContainerState, type Ended, waiting } from './records.ts'
import { startContainer, terminationMessage } from './start-container.ts'

/** Runs a container again and again as its restart rule and the back-off say, until it is done or the pod stops. */
export const runContainer = async (
  host: PodHost,
  container: V1Container,
  record: ContainerRecord,
  restarts: (exitCode: number) => boolean,
): Promise<void> => {
  const { config } = host.context
  const pod = host.pod().metadata
  let backoff: Backoff | null = null
  let ended: Ended | null = null
  /** The run before moves to `lastState` only when the next state is there to take its place. */
  const show = (state: ContainerState): void => {
    if (ended !== null) record.last = ended
    ended = null
    record.state = state
    host.changed()
  }
  for (let attempt = record.restartCount; !host.stopping.aborted; attempt += 1) {
    const end = await runOnce(host, container, record, attempt, show)
    if (end === null) return
    show({ kind: 'terminated', ended: end })
    ended = end
    if (host.stopping.aborted || !restarts(end.exitCode)) return

    const next = nextRestart(backoff, end.finishedAt, config.restartBackoff)
    backoff = next.backoff
    if (next.waitMs === 0) continue
    const before = record.last
    const where = `${pod?.name}_${pod?.namespace}(${pod?.uid})`
    host.event({
      type: 'Warning',
      reason: 'BackOff',
      message: `Back-off restarting failed container ${container.name} in pod ${where}`,
      container: container.name,
    })
    show(
      waiting(
        'CrashLoopBackOff',
        `back-off ${next.waitMs / 1_000}s restarting failed container=${container.name} pod=${where}`,
      ),
    )
    await pause(end.finishedAt + next.waitMs - host.context.now(), host.stopping)
    if (!host.stopping.aborted) continue
    record.state = { kind: 'terminated', ended: end }
    record.last = before
  }
}

// --- Internal helpers ---

const CONFIG_RETRY_MS = 30_000
const SHOW_PULL_ERROR_MS = 1_000

type Show = (state: ContainerState) => void

/** One run, from its start to its end; null where the pod stops before it could be started. */
const runOnce = async (
  host: PodHost,
  container: V1Container,
  record: ContainerRecord,
  attempt: number,
  show: Show,
): Promise<Ended | null> => {
  for (let tries = 0; !host.stopping.aborted; tries += 1) {
    try {
      const started = await startContainer(host, container, attempt)
      record.restartCount = attempt
      show({ kind: 'running', startedAt: started.instance.startedAt })
      const exit = await watchContainer(host, record, started)
      const { startedAt } = started.instance
      const { exitCode, outOfMemory, finishedAt } = exit
      const reason = outOfMemory ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error'
      const message = await terminationMessage(host, container, exitCode)
      return { attempt, exitCode, reason, message, startedAt, finishedAt }
    } catch (error) {
      const { reason, message } =
        error instanceof ContainerProblem ? error : { reason: 'CreateContainerError', message: errorMessage(error) }
      host.event({ type: 'Warning', reason: 'Failed', message: `Error: ${message}`, container: container.name })
      if (reason === 'StartError') {
        const at = host.context.now()
        record.restartCount = attempt
        return { attempt, exitCode: 128, reason, message, startedAt: at, finishedAt: at }
      }
      show(waiting(reason, message))
      if (reason === 'ErrImagePull') await waitForImage(host, container, tries, show)
      else await waitForConfig(host)
    }
  }
  return null
}

/** The image map never changes, so this goes on for ever, as a pull of an image that does not exist. */
const waitForImage = async (host: PodHost, container: V1Container, tries: number, show: Show): Promise<void> => {
  const { base, max } = host.context.config.restartBackoff
  await pause(Math.min(SHOW_PULL_ERROR_MS, base), host.stopping)
  if (host.stopping.aborted) return
  const message = `Back-off pulling image "${container.image}"`
  show(waiting('ImagePullBackOff', message))
  host.event({ type: 'Normal', reason: 'BackOff', message, container: container.name })
  await pause(Math.min(base * 2 ** tries, max), host.stopping)
}

/** Until a ConfigMap or Secret changes; also in a while, for what is not told. */
const waitForConfig = async ({ context, stopping }: PodHost): Promise<void> => {
  const done = new AbortController()
  const either = AbortSignal.any([stopping, done.signal])
  const change = once(context.objects.changes, 'change', { signal: either }).catch(() => undefined)
  await Promise.race([change, pause(CONFIG_RETRY_MS, either)])
  done.abort()
}
