import type { Workload } from '../../core/workload.ts'
import type { Tokens } from '../../vllm/engine/types.ts'
import type { Clockwork } from '../clockwork.ts'
import type { Call, CallEnd, Gateway, OpenCall } from '../gateway/gateway.ts'
import { createNumbered, type Numbered } from '../numbered.ts'
import type { Asked, Asker } from './asker.ts'
import { createDeadlines } from './deadlines.ts'
import type { RequestLog } from './request-log.ts'

/** The load's client: one request after the other, each with its record. */
export interface SimulatedClient {
  ask(by: Asker): void
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
    ask: (by) => {
      if (isStopped) return
      const { cancel } = by
      const one = new Asking(shared, by, count++)
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

const UNSENT: OpenCall = { request: null, driver: null, pod: null, leave: () => undefined }

/** One request of a user, until its record is written. */
class Asking implements Call, Asked {
  readonly number: number
  readonly by: Asker
  readonly started: number
  call = UNSENT
  private isOpen = true
  private readonly shared: Shared

  constructor(shared: Shared, by: Asker, number: number) {
    this.number = number
    this.started = shared.clock.now()
    this.shared = shared
    this.by = by
  }

  get prompt(): Tokens {
    return this.by.prompt
  }

  get maxTokens(): number {
    return this.by.maxTokens
  }

  get leaveAfter(): number | null {
    const { cancel } = this.by
    return cancel !== null && 'afterTokens' in cancel ? cancel.afterTokens : null
  }

  ended(how: CallEnd, status: number, reason: string | null, at: number): void {
    if (this.isOpen) this.close(at, outcomeOf(how, status), status, reason)
  }

  left(): void {
    this.breakOff('cancelled', 'cancelled')
  }

  breakOff(outcome: string, reason: string): void {
    if (!this.isOpen) return
    this.call.leave()
    this.close(this.shared.clock.now(), outcome, this.call.request === null ? 0 : OK, reason)
  }

  private close(ended: number, outcome: string, status: number, reason: string | null): void {
    const { open, log } = this.shared
    this.isOpen = false
    open.remove(this.number)
    log.add(this, ended, outcome, status, reason)
    this.by.done(outcome === 'ok' ? this.call.request : null, ended)
  }
}

const OK = 200

const outcomeOf = (how: CallEnd, status: number): string => {
  switch (how) {
    case 'whole':
      return 'ok'
    case 'error-event':
      return 'error_event'
    case 'truncated':
      return 'truncated'
    case 'refused':
      return status < 500 ? 'http_4xx' : 'http_5xx'
  }
}

/** Named after the phase that it hits. */
const timeoutOf = ({ request }: OpenCall): string => {
  if (request === null) return 'timeout_headers'
  return request.outputTokens === 0 ? 'timeout_first_token' : 'timeout_total'
}
