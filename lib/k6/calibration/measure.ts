import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { EXIT, UserError } from '../../core/errors.ts'
import { type Load, type StartedClient, startK6, startReader } from './client.ts'
import { readRows, type Row } from './rows.ts'
import { type Emission, type ServerStats, startServer } from './server.ts'
import { cpuSeconds, type Memory, memory } from './usage.ts'
import { eventsBetween, parseWireLog, type WireRequest } from './wire-log.ts'

export interface MeasureOptions {
  tools: { k6: string; calibration: string }
  client: 'k6' | 'reader'
  emission: Emission
  load: Load
  /** How long the load stays as it is, once the first requests have ended. */
  steadySeconds: number
  /** Until the load is steady: without it, the time of one request. */
  settleSeconds?: number
  /** A core for each; wherever the kernel likes without it. */
  pin?: { client: number; server: number } | undefined
  /** False where only the memory is of interest: nothing is logged, and there is nothing to compare. */
  logged?: boolean
  signal: AbortSignal
}

export interface Measurement {
  log: WireRequest[]
  rows: Row[]
  server: ServerStats
  /** CPU of the client before its first request. */
  startCpuSeconds: number
  steady: { from: number; to: number; cpuSeconds: number; events: number }
  memory: Memory[]
}

/** How long a request takes at most, where everything is on time. */
export const requestSeconds = ({ firstMs, intervalMs, tokens, batch = 1 }: Emission): number =>
  (firstMs + intervalMs * Math.ceil(tokens / batch)) / 1_000

/** Puts a load on the server, and comes back with what both sides say of it. */
export const measure = async (options: MeasureOptions): Promise<Measurement> => {
  const { tools, emission, load, steadySeconds, pin, logged = true, signal } = options
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'firedrill-calibration-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const [spool, log] = [join(folder, 'rows.jsonl'), logged ? join(folder, 'wire.log') : '']

  // All requests that began at the same time have ended once by then.
  const { settleSeconds = requestSeconds(emission) + SETTLE_SECONDS } = options
  const seconds = settleSeconds + steadySeconds
  const tailSeconds = requestSeconds(emission) * TAIL + TAIL_SECONDS
  const server = stack.use(
    await startServer(tools.calibration, emission, {
      log,
      maxSeconds: START_SECONDS + seconds + tailSeconds + TAIL_SECONDS,
      prefix: pinned(pin?.server),
    }),
  )
  const plan = { url: server.url, spool, load, seconds, tailSeconds }
  const client =
    options.client === 'k6'
      ? startK6(tools.k6, plan, pinned(pin?.client))
      : startReader(tools.calibration, plan, pinned(pin?.client))
  stack.defer(() => client.kill())
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  aborted.promise.catch(() => undefined)
  const abort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  stack.defer(() => signal.removeEventListener('abort', abort))

  // The client ends only once its window is over; before, it has failed.
  const during = <T>(work: Promise<T>): Promise<T> => Promise.race([work, endedEarly(client), aborted.promise])
  await during(Promise.race([server.first, tooLate()]))
  const startCpuSeconds = await cpuSeconds(client.pid)
  const watch = watchMemory(client.pid)
  stack.defer(() => watch.stop())
  await during(delay(settleSeconds * 1_000))
  const before = { cpu: await cpuSeconds(client.pid), at: Date.now() }
  await during(delay(Math.max(steadySeconds - EDGE_SECONDS, 0) * 1_000))
  const after = { cpu: await cpuSeconds(client.pid), at: Date.now() }

  const ended = await Promise.race([client.ended, aborted.promise])
  await watch.stop()
  if (ended.exitCode !== 0) throw failed(ended)
  const stats = await server.stop()
  const wire = logged ? parseWireLog(await readFile(log, 'utf8')) : []
  return {
    log: wire,
    rows: await readRows(spool),
    server: stats,
    startCpuSeconds,
    steady: {
      from: before.at,
      to: after.at,
      cpuSeconds: after.cpu - before.cpu,
      events: eventsBetween(wire, before.at, after.at),
    },
    memory: watch.samples,
  }
}

// --- Internal helpers ---

const START_SECONDS = 60
const SETTLE_SECONDS = 0.5
/** The window closes while the load is still whole. */
const EDGE_SECONDS = 0.2
const TAIL = 1.5
const TAIL_SECONDS = 10
const MEMORY_MS = 500

const pinned = (core: number | undefined): string[] => (core === undefined ? [] : ['taskset', '-c', String(core)])

const endedEarly = async (client: StartedClient): Promise<never> => {
  throw failed(await client.ended)
}

const failed = ({ exitCode, words }: { exitCode: number | null; words: string }): UserError =>
  new UserError({
    code: 'calibration-failed',
    message: `expected the client to play its load, found that it ended (exit code ${exitCode ?? 'none'}): ${words}`,
    hint: 'free some memory or CPU, and try fewer --streams',
    exitCode: EXIT.unknown,
  })

const tooLate = async (): Promise<never> => {
  await delay(START_SECONDS * 1_000, undefined, { ref: false })
  throw failed({ exitCode: null, words: `no request within ${START_SECONDS} s` })
}

const watchMemory = (pid: number): { samples: Memory[]; stop(): Promise<void> } => {
  const samples: Memory[] = []
  const abort = new AbortController()
  const watching = (async () => {
    while (!abort.signal.aborted) {
      const sample = await memory(pid)
      // A process that has just ended has none.
      if (sample.residentMiB > 0) samples.push(sample)
      await delay(MEMORY_MS, undefined, { signal: abort.signal })
    }
  })().catch(() => undefined) // the process is gone, or the wait was ended
  return {
    samples,
    stop: async () => {
      abort.abort()
      await watching
    },
  }
}
