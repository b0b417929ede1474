import type { RequestRecord } from '../../core/run-folder.ts'
import type { Sizes, TurnKey } from '../../k6/turn.ts'
import type { Workload } from '../../core/workload.ts'
import type { Alarm, Clockwork } from '../clockwork.ts'
import type { Gateway, OpenCall, Served } from '../gateway/gateway.ts'
import type { Prompt } from './prompt.ts'
import { makeRecord } from './record.ts'

export interface Ask {
  id: string
  vu: number
  iteration: number
  arrival: { index: number; at: number } | null
  key: TurnKey
  prompt: Prompt
  sizes: Sizes
  /** With the answer where it came whole, else null: the chat is over then. */
  done(served: Served | null): void
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
  const open = new Set<(outcome: string, error: string) => void>()
  let isStopped = false

  return {
    inFlight: () => open.size,
    stop: () => {
      isStopped = true
      for (const end of open) end('stopped', 'context canceled')
    },
    ask: (ask) => {
      if (isStopped) return
      const started = clock.now()
      const { sizes } = ask
      const leavesAt = sizes.cancel !== null && 'afterMs' in sizes.cancel ? sizes.cancel.afterMs : null
      let alarms: Alarm[] = []

      const end = (outcome: string, status: number, error: string | null, served: Served | null): void => {
        open.delete(breakOff)
        for (const alarm of alarms) alarm.cancel()
        alarms = []
        onRecord(makeRecord({ ask, started, ended: clock.now(), outcome, status, error, served, detailed }))
        ask.done(outcome === 'ok' ? served : null)
      }
      const breakOff = (outcome: string, error: string): void => {
        const served = call.served()
        call.leave()
        end(outcome, served === null ? 0 : OK, error, served)
      }
      const call: OpenCall = gateway.send({
        route,
        prompt: ask.prompt,
        maxTokens: sizes.maxTokens,
        leaveAfter: sizes.cancel !== null && 'afterTokens' in sizes.cancel ? sizes.cancel.afterTokens : null,
        on: {
          ended: (served) => end('ok', OK, null, served),
          failed: (code, served, reason) =>
            served === null ? end('http_5xx', code, reason, null) : end('truncated', OK, reason, served),
          left: () => breakOff('cancelled', 'cancelled'),
        },
      })
      open.add(breakOff)
      alarms = [clock.after(workload.requestTimeout, () => breakOff(timeoutOf(call), 'request timeout'))]
      if (leavesAt !== null) alarms.push(clock.after(leavesAt, () => breakOff('cancelled', 'cancelled')))
    },
  }
}

// --- Internal helpers ---

const OK = 200

/** Named after the phase that it hits. */
const timeoutOf = (call: OpenCall): string => {
  const served = call.served()
  if (served === null) return 'timeout_headers'
  return served.request.outputTokens === 0 ? 'timeout_first_token' : 'timeout_total'
}
