import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { MAX_TIMER_MS } from '../../core/clock.ts'
import { errorMessage } from '../../core/errors.ts'
import type { V1Pod } from '../../kube/pod-types.ts'
import type { NodeSpec } from '../types.ts'
import type { AgentContext } from './context.ts'
import { deletePod } from './delete-pod.ts'
import type { LogFile } from './log-file.ts'
import type { PodHost, Running } from './pod-host.ts'
import { acquireAddress, type PodFiles, preparePodFiles } from './pod-setup.ts'
import { type Condition, isTerminal, podStatus } from './pod-status.ts'
import { type ContainerRecord, initialRecords } from './records.ts'
import { runPod } from './run-pod.ts'
import { createStatusWriter } from './status-writer.ts'
import { stopContainer } from './stop-container.ts'

export interface PodWorker {
  pod(): V1Pod
  /** The API's newest word on the pod. */
  update(pod: V1Pod): void
  /** The pod is no longer in the API: what still runs of it is killed. */
  vanish(): void
  /** The agent ends: containers are stopped, the API is left alone. Resolves when nothing of the pod runs. */
  shutDown(graceMs: number): Promise<void>
  /** The node loses its power: everything is killed at once and nobody is told. Resolves when nothing of the pod is left here. */
  cut(): Promise<void>
  records: readonly ContainerRecord[]
  /** A container that runs now. */
  running(container: string): Running | null
  /** The log of one run, where it is still kept. */
  log(container: string, attempt: number): LogFile | null
}

/** Everything about one pod on this node, from its binding until it has gone from the API. */
export const createPodWorker = (context: AgentContext, node: NodeSpec, first: V1Pod): PodWorker => {
  const { config, api, now, log } = context
  const { name = '', namespace = '', uid = '' } = first.metadata ?? {}
  const where = `${namespace}/${name}`
  const folder = join(config.podsDir, uid)
  const startedAt = first.status?.startTime ? new Date(first.status.startTime).getTime() : now()
  const stopping = new AbortController()
  const removed = Promise.withResolvers<void>()
  const deletion = Promise.withResolvers<void>()

  let pod = first
  let podIP: string | null = null
  let files: PodFiles | null = null
  let over = false
  let silent = false
  let failure: { reason: string; message: string } | null = null
  let conditions: readonly Condition[] = []
  /** When the grace period of a stop ends; later calls only bring it forward. */
  let deadline = Number.POSITIVE_INFINITY
  let deadlineTimer: NodeJS.Timeout | undefined

  const ended = isTerminal(first.status?.phase)
  const records = initialRecords(first, now())
  const status = createStatusWriter(
    api,
    first,
    () => {
      const { address: hostIP } = node
      const input = { pod, records, hostIP, podIP, startedAt, now: now(), over, failure, before: conditions }
      const computed = podStatus(input)
      conditions = computed.conditions
      return computed
    },
    (error) => log(`${where}: its status was not written: ${errorMessage(error)}`),
  )
  const ownGraceMs = (): number => (pod.spec?.terminationGracePeriodSeconds ?? 30) * 1_000
  const host: PodHost = {
    context,
    node,
    folder,
    pod: () => pod,
    podIP: () => podIP ?? '',
    kubeconfig: () => files?.kubeconfig ?? null,
    stopping: stopping.signal,
    running: new Map(),
    logs: new Map(),
    changed: status.touch,
    event: (event) => {
      if (!silent) context.events.record(pod, node.name, event)
    },
    graceMs: () => (deadline === Number.POSITIVE_INFINITY ? ownGraceMs() : Math.max(0, deadline - now())),
  }

  /** Sidecars outlive the other containers, unless there is no grace at all. */
  const stop = (graceMs: number): void => {
    const until = now() + graceMs
    if (until >= deadline) return
    deadline = until
    stopping.abort()
    for (const running of host.running.values()) {
      const { role } = running.record
      if (role === 'sidecar' && graceMs > 0) continue
      if (!running.stopping) {
        const message = `Stopping container ${running.record.name}`
        host.event({ type: 'Normal', reason: 'Killing', message, container: running.record.name })
      }
      void stopContainer(running, graceMs)
    }
  }
  const onDeadline = (): void => {
    failure = {
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    }
    host.event({ type: 'Normal', reason: failure.reason, message: failure.message })
    stop(ownGraceMs())
  }
  const live = async (): Promise<void> => {
    const seconds = pod.spec?.activeDeadlineSeconds
    if (seconds) deadlineTimer = setTimeout(onDeadline, Math.min(MAX_TIMER_MS, startedAt + seconds * 1_000 - now()))
    podIP = await acquireAddress(host)
    status.touch()
    files = podIP === null ? null : await preparePodFiles(host)
    if (files !== null) await runPod(host, records, () => stopping.abort())
  }
  const settle = (): void => {
    over = true
    clearTimeout(deadlineTimer)
    files?.stop()
    stopping.abort()
    if (podIP !== null && podIP !== node.address) context.addresses.release(podIP)
  }
  const run = async (): Promise<void> => {
    await live().catch((error: unknown) => {
      failure = { reason: 'NodeAgentError', message: errorMessage(error) }
      log(`${where}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    })
    settle()
  }
  /** The API is told of the end, and of the deletion once that is asked for; the files go with the pod. */
  const bury = async (): Promise<void> => {
    if (!ended) await status.flush()
    await Promise.race([deletion.promise, removed.promise])
    await Promise.race([deletePod(api, pod, log), removed.promise])
    await removed.promise
    await rm(folder, { recursive: true, force: true })
  }

  const update = (newer: V1Pod): void => {
    const described = metadataText(pod) !== metadataText(newer)
    pod = newer
    status.seen(newer)
    if (pod.metadata?.deletionTimestamp) {
      stop((pod.metadata.deletionGracePeriodSeconds ?? 0) * 1_000)
      deletion.resolve()
    } else if (described && !over) files?.refresh()
  }
  if (ended) over = true
  update(first)
  const lived = ended || stopping.signal.aborted ? Promise.resolve(settle()) : run()
  let leaving = false
  void lived
    .then(() => (leaving ? undefined : bury()))
    .catch((error: unknown) => log(`${where}: ${errorMessage(error)}`))

  const shutDown = async (graceMs: number): Promise<void> => {
    leaving = true
    status.close()
    stop(Math.min(graceMs, ownGraceMs()))
    await lived
  }
  return {
    pod: () => pod,
    update,
    vanish: () => {
      status.close()
      stop(0)
      removed.resolve()
    },
    shutDown,
    cut: async () => {
      silent = true
      await shutDown(0)
      await rm(folder, { recursive: true, force: true })
    },
    records,
    running: (container) => host.running.get(container) ?? null,
    log: (container, attempt) => host.logs.get(container)?.find((known) => known.attempt === attempt)?.file ?? null,
  }
}

// --- Internal helpers ---

/** What downward API files may be made of. */
const metadataText = ({ metadata }: V1Pod): string => JSON.stringify([metadata?.labels, metadata?.annotations])
