import type { Workload } from '../../core/workload.ts'
import type { Tokens } from '../../vllm/engine/types.ts'
import type { Clockwork } from '../clockwork.ts'
import type { Call, CallEnd, Gateway, OpenCall } from '../gateway/gateway.ts'
import { createNumbered, type Numbered } from '../numbered.ts'
import type { Ask, Asked, Asker } from './ask.ts'
import { createDeadlines } from './deadlines.ts'
import type { RequestLog } from './request-log.ts'

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
  log: Pick<RequestLog, 'add'>
}

export const createClient = ({ clock, gateway, workload, log }: ClientOptions): SimulatedClient => {
  const send = gateway.route(workload.endpoint === 'chat' ? '/v1/chat/completions' : '/v1/completions')
  const open = createNumbered<Asking>()
  const deadlines = createDeadlines(clock, workload.requestTimeout, {
    startedAt: (number) => open.get(number)?.started ?? null,
    onDue: (number) => {
      const one = open.get(number)
      one?.breakOff(timeoutOf(one.call), 'request timeout')
    },
  })
  const shared: Shared = { clock, open, log }
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
      const { cancel } = ask
      const one = new Asking(shared, by, ask, count++)
      one.call = send(one)
      open.add(one.number, one)
      deadlines.add()
      if (cancel !== null && 'afterMs' in cancel) clock.after(cancel.afterMs, () => one.left())
    },
  }
}

// --- Internal helpers ---

interface Shared {
  clock: Clockwork
  open: Numbered<Asking>
  log: Pick<RequestLog, 'add'>
}

const UNSENT: OpenCall = { served: () => null, leave: () => undefined }

/** One request of a user, until its record is written. */
class Asking implements Call, Asked {
  readonly number: number
  readonly by: Asker
  readonly ask: Ask
  readonly started: number
  call = UNSENT
  isOpen = true
  private readonly shared: Shared

  constructor(shared: Shared, by: Asker, ask: Ask, number: number) {
    this.number = number
    this.by = by
    this.ask = ask
    this.started = shared.clock.now()
    this.shared = shared
  }

  get prompt(): Tokens {
    return this.ask.prompt
  }

  get maxTokens(): number {
    return this.ask.maxTokens
  }

  get leaveAfter(): number | null {
    const { cancel } = this.ask
    return cancel !== null && 'afterTokens' in cancel ? cancel.afterTokens : null
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

  private close(ended: number, outcome: string, end: Omit<CallEnd, 'how'>): void {
    const { open, log } = this.shared
    this.isOpen = false
    open.remove(this.number)
    log.add(this, ended, outcome, end)
    this.by.done(outcome === 'ok' ? end.served : null, ended)
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
