import { homedir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { statusLine } from './status-line.ts'

/** All of the process that commands may touch, in one object, so that nothing else reaches for it. */
export interface Context {
  argv: readonly string[]
  env: Readonly<Record<string, string | undefined>>
  /** The result: a table, or JSON. */
  out(text: string): void
  /** Progress and errors. */
  err(text: string): void
  /** What is being done right now: one redrawn line on a terminal, a line for each change elsewhere. */
  status(text: string): void
  isTerminal: boolean
  columns: number
  colour: boolean
  /** Aborts on the first Ctrl-C or SIGTERM; the second calls `onSecondInterrupt` and ends the process. */
  signal: AbortSignal
  interrupted(): boolean
  onSecondInterrupt(listener: () => void): void
  /** Names this process among all that ever held a Lease: host, id and start. */
  holder: string
}

/** Where clusters keep their state: outside every checkout, so that `down` works from any. */
export const stateRoot = (env: Context['env']): string =>
  join(env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'firedrill')

/** One Ctrl-C arrives twice under `npm start`: from the terminal, and handed on by npm. */
const SAME_INTERRUPT_MS = 1_000

export const processContext = (holder: string): Context => {
  const abort = new AbortController()
  const listeners: (() => void)[] = []
  let interruptedAt = Number.POSITIVE_INFINITY
  const onSignal = (): void => {
    if (abort.signal.aborted) {
      if (performance.now() - interruptedAt < SAME_INTERRUPT_MS) return
      for (const listener of listeners) listener()
      process.exit(130)
    }
    interruptedAt = performance.now()
    abort.abort(new Error('interrupted'))
  }
  const isTerminal = process.stderr.isTTY === true
  const { status, write } = statusLine((text) => void process.stderr.write(text), isTerminal)
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return {
    argv: process.argv.slice(2),
    env: process.env,
    out: (text) => {
      status('')
      process.stdout.write(text)
    },
    err: write,
    status,
    isTerminal,
    columns: process.stdout.columns ?? 120,
    colour: process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined,
    signal: abort.signal,
    interrupted: () => abort.signal.aborted,
    onSecondInterrupt: (listener) => void listeners.push(listener),
    holder,
  }
}
