import type { Sizes } from '../../k6/turn.ts'
import type { Workload } from '../../core/workload.ts'
import type { Tokens } from '../../vllm/engine/types.ts'
import type { Clockwork } from '../clockwork.ts'
import type { Call, CallEnd, Gateway, OpenCall, Served } from '../gateway/gateway.ts'
import { createNumbered, type Numbered } from '../numbered.ts'
import { createDeadlines } from './deadlines.ts'
import type { RequestLog } from './request-log.ts'

/** What is asked. */
export interface Ask {
  iteration: number
  arrival: { index: number; at: number } | null
  prompt: Tokens
  sizes: Sizes
  /** Steps of the timeline that made it what it is, and whether one of them asked for it at all. */
  traffic: string | null
  extra: boolean
}

export interface Asker {
  readonly vu: number
  /** Over at a time that is now or in a moment; with the answer where it came whole, else null: the chat is over then. */
  done(served: Served | null, at: number): void
}

/** The load's client: one request after the other, each with its record. */
export interface SimulatedClient {
  ask(by: Asker, ask: Ask): void
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
  log: Pick<RequestLog, 'add'>
}

export const createClient = ({ clock, gateway, workload, detailed, log }: ClientOptions): SimulatedClient => {
  const route = workload.endpoint === 'chat' ? '/v1/chat/completions' : '/v1/completions'
  const open = createNumbered<Asking>()
  const deadlines = createDeadlines(clock, workload.requestTimeout, {
    isOpen: (number) => open.get(number) !== null,
    onDue: (number) => {
      const one = open.get(number)
      one?.breakOff(timeoutOf(one.call), 'request timeout')
    },
  })
  const shared: Shared = { clock, open, route, detailed, log }
  let count = 0
  let isStopped = false
  return {
    inFlight: open.size,
    stop: () => {
      isStopped = true
      for (const one of open.all()) one.breakOff('stopped', 'context canceled')
    },
    ask: (by, ask) => {
      if (isStopped) return
      const { cancel } = ask.sizes
      const one = new Asking(shared, by, ask, count++)
      one.call = gateway.send(one)
      open.add(one.number, one)
      deadlines.add(one.number)
      if (cancel !== null && 'afterMs' in cancel) clock.after(cancel.afterMs, () => one.left())
    },
  }
}

// --- Internal helpers ---

interface Shared {
  clock: Clockwork
  open: Numbered<Asking>
  route: string
  detailed: boolean
  log: Pick<RequestLog, 'add'>
}

const UNSENT: OpenCall = { served: () => null, leave: () => undefined }

/** One request of a user, until its record is written. */
class Asking implements Call {
  readonly number: number
  readonly route: string
  readonly prompt: Tokens
  readonly maxTokens: number
  readonly leaveAfter: number | null
  call = UNSENT
  isOpen = true
  private readonly shared: Shared
  private readonly by: Asker
  private readonly iteration: number
  private readonly arrival: Ask['arrival']
  private readonly traffic: string | null
  private readonly extra: boolean
  private readonly started: number

  constructor(shared: Shared, by: Asker, ask: Ask, number: number) {
    const { prompt, sizes } = ask
    this.number = number
    this.route = shared.route
    this.prompt = prompt
    this.maxTokens = sizes.maxTokens
    this.leaveAfter = sizes.cancel !== null && 'afterTokens' in sizes.cancel ? sizes.cancel.afterTokens : null
    this.shared = shared
    this.by = by
    this.iteration = ask.iteration
    this.arrival = ask.arrival
    this.traffic = ask.traffic
    this.extra = ask.extra
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
    const { open, detailed, log } = this.shared
    const { by, iteration, arrival, traffic, extra, started } = this
    this.isOpen = false
    open.remove(this.number)
    log.add({
      vu: by.vu,
      iteration,
      arrival,
      traffic,
      extra,
      started,
      ended,
      outcome,
      status,
      error: reason,
      served,
      detailed,
    })
    by.done(outcome === 'ok' ? served : null, ended)
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
