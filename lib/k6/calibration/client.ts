import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

/** Users that ask again and again, or requests that come by a schedule and find enough users free. */
export type Load =
  { mode: 'closed'; streams: number } | { mode: 'open'; rate: number; process: 'constant' | 'poisson'; vus: number }

export interface ClientPlan {
  url: string
  /** File of its rows. */
  spool: string
  load: Load
  /** No request starts after that. */
  seconds: number
  /** Longest that a request takes. */
  tailSeconds: number
}

export interface StartedClient {
  pid: number
  /** Settles with its exit code and last words. */
  ended: Promise<{ exitCode: number | null; words: string }>
  kill(): Promise<void>
}

/** k6 with the script beside this file. */
export const startK6 = (k6: string, plan: ClientPlan, prefix: readonly string[]): StartedClient => {
  const { url, spool, load, seconds, tailSeconds } = plan
  const arrivals = load.mode === 'open' ? { process: load.process, rate: load.rate } : null
  const vus = load.mode === 'open' ? load.vus : load.streams
  return start([...prefix, k6, ...K6_ARGS], {
    FIREDRILL_CALIBRATION: JSON.stringify({ url, spool, vus, seconds, tailSeconds, arrivals }),
    FIREDRILL_DIE_WITH_PARENT: '1',
    K6_NO_USAGE_REPORT: 'true',
    K6_AUTO_EXTENSION_RESOLUTION: 'false',
  })
}

/** The minimal reader of the same streams (tools/calibration/read.go). */
export const startReader = (calibration: string, plan: ClientPlan, prefix: readonly string[]): StartedClient => {
  const { url, spool, load, seconds } = plan
  const flag = load.mode === 'open' ? `--rate=${load.rate}` : `--streams=${load.streams}`
  return start([...prefix, calibration, 'read', `--url=${url}`, `--spool=${spool}`, `--seconds=${seconds}`, flag], {})
}

// --- Internal helpers ---

const SCRIPT = fileURLToPath(new URL('script.ts', import.meta.url))
const K6_ARGS = ['run', '--quiet', '--no-color', '--log-format=raw', '--log-output=stderr', SCRIPT]

const start = ([command = '', ...args]: readonly string[], env: Record<string, string>): StartedClient => {
  const child = execa(command, args, { env, stdin: 'ignore', all: true, reject: false, maxBuffer: 1 << 20 })
  return {
    pid: child.pid ?? 0,
    ended: child.then(({ exitCode, all, shortMessage }) => ({
      exitCode: exitCode ?? null,
      words: (all ?? '').trim().split('\n').slice(-5).join('\n') || (shortMessage ?? ''),
    })),
    async kill() {
      child.kill('SIGKILL')
      await child
    },
  }
}
