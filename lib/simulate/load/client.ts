import type { RequestRecord } from '../../core/run-folder.ts'
import type { Sizes, TurnKey } from '../../k6/turn.ts'
import type { Workload } from '../../core/workload.ts'
import type { Tokens } from '../../vllm/engine/types.ts'
import type { Alarm, Clockwork } from '../clockwork.ts'
import type { CallEnd, Gateway, OpenCall, Served } from '../gateway/gateway.ts'
import { createDeadlines } from './deadlines.ts'
import { makeRecord } from './record.ts'

export interface Ask {
  id: string
  vu: number
  iteration: number
  arrival: { index: number; at: number } | null
  key: TurnKey
  prompt: Tokens
  sizes: Sizes
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

interface Open {
  call: OpenCall
  breakOff(outcome: string, error: string): void
}

export const createClient = ({ clock, gateway, workload, detailed, onRecord }: ClientOptions): SimulatedClient => {
  const route = workload.endpoint === 'chat' ? '/v1/chat/completions' : '/v1/completions'
  const open = new Set<Open>()
  const deadlines = createDeadlines<Open>(clock, workload.requestTimeout, {
    isOpen: (one) => open.has(one),
    onDue: (one) => one.breakOff(timeoutOf(one.call), 'request timeout'),
  })
  let isStopped = false

  return {
    inFlight: () => open.size,
    stop: () => {
      isStopped = true
      for (const one of open) one.breakOff('stopped', 'context canceled')
    },
    ask: (ask) => {
      if (isStopped) return
      const started = clock.now()
      const { cancel, maxTokens } = ask.sizes
      let leaving: Alarm | null = null

      const end = (ended: number, outcome: string, { status, reason: error, served }: Omit<CallEnd, 'how'>): void => {
        open.delete(one)
        leaving?.cancel()
        onRecord(makeRecord({ ask, started, ended, outcome, status, error, served, detailed }))
        ask.done(outcome === 'ok' ? served : null, ended)
      }
      const one: Open = {
        call: gateway.send({
          route,
          prompt: ask.prompt,
          maxTokens,
          leaveAfter: cancel !== null && 'afterTokens' in cancel ? cancel.afterTokens : null,
          on: {
            ended: (call, at) => end(at, outcomeOf(call), call),
            left: () => one.breakOff('cancelled', 'cancelled'),
          },
        }),
        breakOff: (outcome, reason) => {
          if (!open.has(one)) return
          const served = one.call.served()
          one.call.leave()
          end(clock.now(), outcome, { status: served === null ? 0 : OK, reason, served })
        },
      }
      open.add(one)
      deadlines.add(one)
      if (cancel !== null && 'afterMs' in cancel)
        leaving = clock.after(cancel.afterMs, () => one.breakOff('cancelled', 'cancelled'))
    },
  }
}

// --- Internal helpers ---

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
