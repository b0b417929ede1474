import type { RequestRecord } from '../../core/run-folder.ts'
import type { Sizes } from '../../k6/turn.ts'
import type { Workload } from '../../core/workload.ts'
import type { Tokens } from '../../vllm/engine/types.ts'
import type { Clockwork } from '../clockwork.ts'
import type { CallEnd, CallEvents, Gateway, OpenCall, Served } from '../gateway/gateway.ts'
import { createDeadlines } from './deadlines.ts'
import { makeRecord } from './record.ts'

export interface Ask {
  id: string
  vu: number
  iteration: number
  arrival: { index: number; at: number } | null
  prompt: Tokens
  sizes: Sizes
  /** Steps of the timeline that made it what it is, and whether one of them asked for it at all. */
  traffic: string | null
  extra: boolean
  by: Asker
}

export interface Asker {
  /** Over at a time that is now or in a moment; with the answer where it came whole, else null: the chat is over then. */
  done(served: Served | null, at: number): void
}

/** The load's client: one request after the other, each with its record. */
export interface SimulatedClient {
  ask(ask: Ask): void
  inFlight(): number
  /** Breaks off everything, as k6 does at the end of the run. */
  stop(): void
}

export interface ClientOptions {
  clock: Clockwork
  gateway: Gateway
  workload: Workload
  /** Each gap of each stream, and not only what the engines' counters tell of all. */
  detailed: boolean
  onRecord(record: RequestRecord): void
}

export const createClient = ({ clock, gateway, workload, detailed, onRecord }: ClientOptions): SimulatedClient => {
  const route = workload.endpoint === 'chat' ? '/v1/chat/completions' : '/v1/completions'
  const open = new Map<number, Asking>()
  const deadlines = createDeadlines(clock, workload.requestTimeout, {
    isOpen: (number) => open.has(number),
    onDue: (number) => {
      const one = open.get(number)
      one?.breakOff(timeoutOf(one.call), 'request timeout')
    },
  })
  const shared: Shared = { clock, open, detailed, onRecord }
  let count = 0
  let isStopped = false
  return {
    inFlight: () => open.size,
    stop: () => {
      isStopped = true
      for (const one of open.values()) one.breakOff('stopped', 'context canceled')
    },
    ask: (ask) => {
      if (isStopped) return
      const one = new Asking(shared, ask, count++)
      const { cancel, maxTokens } = ask.sizes
      const leaveAfter = cancel !== null && 'afterTokens' in cancel ? cancel.afterTokens : null
      one.call = gateway.send({ route, prompt: ask.prompt, maxTokens, leaveAfter, on: one })
      open.set(one.number, one)
      deadlines.add(one.number)
      if (cancel !== null && 'afterMs' in cancel) clock.after(cancel.afterMs, () => one.left())
    },
  }
}

// --- Internal helpers ---

interface Shared {
  clock: Clockwork
  open: Map<number, Asking>
  detailed: boolean
  onRecord(record: RequestRecord): void
}

const UNSENT: OpenCall = { served: () => null, leave: () => undefined }

/** One request of a user, until its record is written. */
class Asking implements CallEvents {
  readonly number: number
  call = UNSENT
  isOpen = true
  private readonly shared: Shared
  private readonly request: Ask
  private readonly started: number

  constructor(shared: Shared, request: Ask, number: number) {
    this.shared = shared
    this.request = request
    this.number = number
    this.started = shared.clock.now()
  }

  ended(end: CallEnd, at: number): void {
    if (this.isOpen) this.close(at, outcomeOf(end), end)
  }

  left(): void {
    this.breakOff('cancelled', 'cancelled')
  }

  breakOff(outcome: string, reason: string): void {
    if (!this.isOpen) return
    const served = this.call.served()
    this.call.leave()
    this.close(this.shared.clock.now(), outcome, { status: served === null ? 0 : OK, reason, served })
  }

  private close(ended: number, outcome: string, { status, reason, served }: Omit<CallEnd, 'how'>): void {
    const { open, detailed, onRecord } = this.shared
    const { request: ask, started } = this
    this.isOpen = false
    open.delete(this.number)
    onRecord(makeRecord({ ask, started, ended, outcome, status, error: reason, served, detailed }))
    ask.by.done(outcome === 'ok' ? served : null, ended)
  }
}

const OK = 200

const OUTCOMES = { whole: 'ok', 'error-event': 'error_event', truncated: 'truncated' } as const

const outcomeOf = ({ how, status }: CallEnd): string => {
  if (how !== 'refused') return OUTCOMES[how]
  return status < 500 ? 'http_4xx' : 'http_5xx'
}

/** Named after the phase that it hits. */
const timeoutOf = (call: OpenCall): string => {
  const served = call.served()
  if (served === null) return 'timeout_headers'
  return served.request.outputTokens === 0 ? 'timeout_first_token' : 'timeout_total'
}
