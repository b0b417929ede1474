import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { errorMessage } from '../../core/errors.ts'
import { RUN_FILES } from '../../core/run-folder.ts'
import type { Kube } from '../../kube/client.ts'
import { type EndpointFetch, fetchVia } from '../../kube/endpoint.ts'
import type { V1Pod } from '../../kube/types.ts'
import { growingFile, type OnProblem } from './jsonl.ts'

export interface LogsOptions {
  kube: Kube
  namespace: string
  runDir: string
  /** Milliseconds since the epoch, when the run began. */
  from: number
  onProblem: OnProblem
  signal: AbortSignal
}

export interface LogCollector {
  /** Follows the logs of every container run that the pod's state speaks of, each once. */
  see(pod: V1Pod): void
  /** Resolves when every stream has ended; after the signal, at once. */
  finished(): Promise<void>
}

const RETRY_MS = 1_000
/** What a pod said shortly before the run is kept too; all that it said in months is not. */
const BEFORE_MS = 10 * 60_000

/**
 * Follows logs from the moment a pod is seen, since those of a deleted pod are gone. Each line carries its time; a
 * container's restarts follow each other in one file: `<pod>.log`, for further containers `<pod>.<container>.log`.
 */
export const logCollector = ({ kube, namespace, runDir, from, onProblem, signal }: LogsOptions): LogCollector => {
  const url = (kube.config.getCurrentCluster()?.server ?? '').replace(/\/+$/, '')
  const fetch = fetchVia(kube, { url, headers: {} })
  const followed = new Map<string, Promise<void>>()

  const follow = (pod: string, run: ContainerRun): void => {
    const key = `${pod}/${run.container}/${run.startedAt}`
    if (signal.aborted || followed.has(key)) return
    const { append } = growingFile(join(runDir, RUN_FILES.logs, run.file), onProblem)
    const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log`
    const ended = followRun({ fetch, path, run, append, since: from - BEFORE_MS, signal }).catch((error: unknown) => {
      if (!signal.aborted) onProblem(`the log of ${pod}/${run.container} broke off: ${errorMessage(error)}`)
    })
    followed.set(key, ended)
  }
  return {
    see: (pod) => {
      for (const run of containerRuns(pod)) follow(pod.metadata?.name ?? '', run)
    },
    finished: async () => {
      await Promise.all(followed.values())
    },
  }
}

// --- Internal helpers ---

/** One life of one container, from its start to its exit. */
interface ContainerRun {
  container: string
  file: string
  startedAt: string
  previous: boolean
}

const containerRuns = ({ metadata, status }: V1Pod): ContainerRun[] => {
  const runs: ContainerRun[] = []
  for (const [index, { name, state, lastState }] of (status?.containerStatuses ?? []).entries()) {
    const file = index === 0 ? `${metadata?.name}.log` : `${metadata?.name}.${name}.log`
    const add = (time: Date | undefined, previous: boolean): void => {
      if (time !== undefined) runs.push({ container: name, file, startedAt: timeText(time), previous })
    }
    add(lastState?.terminated?.startedAt, true)
    add(state?.running?.startedAt ?? state?.terminated?.startedAt, false)
  }
  return runs
}

/** The client gives Dates for lists and the API's own text for watches. */
const timeText = (time: unknown): string => new Date(String(time)).toISOString().slice(0, 19)

interface FollowOptions {
  fetch: EndpointFetch
  path: string
  run: ContainerRun
  append(text: string): void
  /** Milliseconds since the epoch. */
  since: number
  signal: AbortSignal
}

/** To the container's end. A stream that breaks, as an idle one does after minutes, is taken up again where it was. */
const followRun = async ({ fetch, path, run, append, signal, ...options }: FollowOptions): Promise<void> => {
  const mode = run.previous ? { previous: 'true' } : { follow: 'true' }
  let { since } = options
  while (!signal.aborted) {
    const sinceTime = new Date(since).toISOString()
    const search = new URLSearchParams({ container: run.container, timestamps: 'true', sinceTime, ...mode })
    try {
      const response = await fetch(`${path}?${search}`, { signal })
      // Gone, or never started: there is no log and there will be none.
      if (response.status >= 400 && response.status < 500) return void (await response.text())
      if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status}: ${await response.text()}`)
      const decoder = new TextDecoder()
      for await (const chunk of response.body) {
        append(decoder.decode(chunk, { stream: true }))
        since = Date.now() + 1
      }
      return
    } catch {
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined)
    }
  }
}
