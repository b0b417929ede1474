import { execa } from 'execa'
import { z } from 'zod'

/** How the server emits. */
export interface Emission {
  firstMs: number
  intervalMs: number
  tokens: number
  /** `in-step`: all streams on one grid of ticks. */
  phase: 'in-step' | 'random'
  /** Content events that go out in one write; 1 where it is not given. */
  batch?: number
}

const Stats = z.object({
  requests: z.number(),
  refused: z.number(),
  kernelStamps: z.number(),
  events: z.number(),
  blocked: z.number(),
  accepted: z.number(),
  peakConnections: z.number(),
  peakStreams: z.number(),
  lateMsP50: z.number(),
  lateMsP99: z.number(),
  lateMsMax: z.number(),
  cpuSeconds: z.number(),
})
export type ServerStats = z.infer<typeof Stats>

const Notice = z.union([z.object({ ready: z.string() }), z.object({ first: z.number() }), z.object({ stats: Stats })])

export interface CalibrationServer extends AsyncDisposable {
  url: string
  /** When the first request arrived; pending until then. */
  first: Promise<number>
  /** Ends it: its log is whole then. */
  stop(): Promise<ServerStats>
}

/** Starts the server; `prefix` is what its command begins with (`taskset -c 1`). */
export const startServer = async (
  calibration: string,
  emission: Emission,
  { log, maxSeconds, prefix }: { log: string; maxSeconds: number; prefix: readonly string[] },
): Promise<CalibrationServer> => {
  const { firstMs, intervalMs, tokens, phase, batch = 1 } = emission
  const [command = calibration, ...args] = [
    ...prefix,
    calibration,
    'serve',
    `--first=${firstMs}`,
    `--interval=${intervalMs}`,
    `--tokens=${tokens}`,
    `--phase=${phase}`,
    `--batch=${batch}`,
    `--log=${log}`,
    `--max-seconds=${Math.ceil(maxSeconds)}`,
    // Its standard input ends with this process, however that does.
    '--until-stdin',
  ]
  const child = execa(command, args, { stdin: 'pipe', reject: false, buffer: { stdout: false } })
  const ready = Promise.withResolvers<string>()
  const first = Promise.withResolvers<number>()
  const stats = Promise.withResolvers<ServerStats>()
  const read = async (): Promise<void> => {
    for await (const line of child.iterable()) {
      const notice = Notice.parse(JSON.parse(line))
      if ('ready' in notice) ready.resolve(notice.ready)
      else if ('first' in notice) first.resolve(notice.first)
      else stats.resolve(notice.stats)
    }
    const { stderr, shortMessage } = await child
    throw new Error(`the calibration server ended: ${stderr || shortMessage}`)
  }
  // Whoever waits for one of them hears of it; the others are over.
  read().catch((error: unknown) => {
    for (const promised of [ready, stats]) promised.reject(error)
  })
  stats.promise.catch(() => undefined)
  const stop = (): Promise<ServerStats> => {
    child.kill('SIGTERM')
    return stats.promise
  }
  const url = await ready.promise
  return {
    url,
    first: first.promise,
    stop,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await child
    },
  }
}
