import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createFrameWriter, type FrameWriter } from './frames.ts'

export interface OpenIncident {
  /** Rule files by the path that Prometheus has them under: when a group is evaluated follows from it. */
  rules: Readonly<Record<string, string>>
  evaluationIntervalMs: number
  /** Milliseconds since the epoch, before the first evaluation. */
  from: number
  /** Every group at whole intervals, as promtool evaluates, instead of at an offset of its own. */
  aligned?: boolean
  /** Annotations are left out: their templates would be expanded at every evaluation of an active alert. */
  bare?: boolean
}

/** `askRequest` of tools/simulated-prometheus/ask.go. */
export type Question =
  | { kind: 'query'; expr: string; at: number }
  | { kind: 'range'; expr: string; from: number; to: number; step: number }
  | { kind: 'rules' }
  | { kind: 'names'; from: number; to: number }
  | { kind: 'conditions'; nameLabel: string; groupLabel: string }

/** Prometheus' own engine and rules on a clock of ours and on samples in memory, in a process of its own that serves one incident after the other. */
export interface SimulatedPrometheus extends AsyncDisposable {
  /** Forgets the incident before. Resolves with the rule groups (JSON); rejects where Prometheus refuses the rules. */
  open(incident: OpenIncident): Promise<string>
  /** Samples, staleness and evaluations, in the order in which they are written. */
  readonly frames: Omit<FrameWriter, 'json' | 'take'>
  /** Sends what has been written, where it is worth a system call. */
  flush(): void
  /** The data of the HTTP API's answer to such a question, as JSON text, with all that was written before it taken into account. */
  ask(question: Question): Promise<string>
  /** How much CPU time the process has taken, in seconds; read from the kernel. */
  readonly pid: number | undefined
}

const FLUSH_FRAMES = 64

/** Starts the program at `path`. */
export const startSimulatedPrometheus = (path: string): SimulatedPrometheus => {
  // Evaluation is one thread's work, and an incident's heap small: it is collected when it is ten times what is in use, about
  // a tenth of a gigabyte. A long incident's samples alone may be more than that.
  const child = spawn(path, [], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { GOMAXPROCS: '2', GOGC: '900', GOMEMLIMIT: '512MiB' },
  })
  const frames = createFrameWriter()
  const answers = readAnswers(child)
  let unsent = 0
  const send = (): void => {
    unsent = 0
    const bytes = frames.take()
    if (bytes.length > 0 && child.stdin?.writable === true) child.stdin.write(bytes)
  }
  // A dead process is told by the answer that does not come.
  child.stdin?.on('error', () => undefined)
  const request = (kind: 'O' | 'Q', value: unknown): Promise<string> => {
    frames.json(kind, value)
    send()
    return answers.next()
  }
  return {
    frames,
    pid: child.pid,
    flush: () => {
      if (++unsent >= FLUSH_FRAMES) send()
    },
    open: (incident) => request('O', incident),
    ask: (question) => request('Q', question),
    [Symbol.asyncDispose]: async () => {
      child.stdin?.end()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

// --- Internal helpers ---

const HEAD = 5

/** Answers come in the order of the questions: a length, 0 or 1 for an error, and JSON or the error's text. */
const readAnswers = (child: ChildProcess): { next(): Promise<string> } => {
  const waiting: PromiseWithResolvers<string>[] = []
  let parts: Buffer[] = []
  let size = 0
  const take = (): Buffer => {
    const [first = Buffer.alloc(0)] = parts
    const all = parts.length === 1 ? first : Buffer.concat(parts)
    parts = [all]
    return all
  }
  const wanted = (): number => (size < HEAD ? Infinity : take().readUInt32LE(0) + 4)
  child.stdout?.on('data', (part: Buffer) => {
    parts.push(part)
    size += part.length
    for (let length = wanted(); size >= length; length = wanted()) {
      const all = take()
      const text = all.toString('utf8', HEAD, length)
      const one = waiting.shift()
      if (all[4] === 0) one?.resolve(text)
      else one?.reject(new Error(text))
      parts = [all.subarray(length)]
      size -= length
    }
  })
  const fail = (reason: Error): void => {
    for (const one of waiting.splice(0)) one.reject(reason)
  }
  let gone: Error | null = null
  child.once('error', (error) => fail((gone = error)))
  child.once('close', (code, signal) =>
    fail((gone ??= new Error(`the simulated Prometheus ended with ${signal ?? `exit code ${code}`}`))),
  )
  return {
    next: () => {
      const one = Promise.withResolvers<string>()
      if (gone === null) waiting.push(one)
      else one.reject(gone)
      return one.promise
    },
  }
}
