import type { Observer } from '../../lib/core/fault.ts'
import type { FaultEvidence } from '../../lib/core/fault-resource.ts'
import { movement, type Movement, signalOf } from '../../lib/core/signal.ts'

export interface MovedSince {
  /** Any one of them is enough. */
  movements: readonly Movement[]
  namespace: string
  observe: Observer
  /** Milliseconds since the epoch. */
  injectedAt: number
}

/** Whether a signal is other than it was before the injection, by what Prometheus has of both times. */
export const movedSince = async (input: MovedSince): Promise<FaultEvidence> => {
  const seen = await Promise.all(input.movements.map((move) => look(move, input)))
  const facts = Object.fromEntries(seen.map(({ signal, query, before, now }) => [signal, { query, before, now }]))
  const moved = seen.find(({ hasMoved }) => hasMoved)
  const told = moved === undefined ? seen : [moved]
  return { bit: moved !== undefined, reason: told.map(sentence).join('; '), facts }
}

// --- Internal helpers ---

interface Seen extends Movement {
  query: string
  before: number | null
  now: number | null
  hasMoved: boolean
}

/** Rates look back 15 s: what they say now must be of the fault alone, or half of it at least. */
const STEADY = '10s:1s'

const look = async ({ signal, to }: Movement, { namespace, observe, injectedAt }: MovedSince): Promise<Seen> => {
  const query = signalOf(signal).promql({ namespace, container: '' })
  const [before, now] = await Promise.all([
    value(observe, `avg_over_time((${query})[${STEADY}] @ ${(injectedAt / 1_000).toFixed(3)})`),
    value(observe, query),
  ])
  const hasMoved = before !== null && now !== null && movement(signal, before, now) === to
  return { signal, to, query, before, now, hasMoved }
}

/** One number; a rate of nothing is none. */
const value = async (observe: Observer, query: string): Promise<number | null> => {
  const [sample] = await observe.query(query)
  return sample === undefined || !Number.isFinite(sample.value) ? null : sample.value
}

const sentence = ({ signal, before, now }: Seen): string =>
  before === null || now === null
    ? `${signal}: Prometheus has nothing of it ${before === null ? 'before the injection' : 'now'}`
    : `${signal} went from ${round(before)} to ${round(now)}`

const round = (number: number): string => String(Number(number.toPrecision(3)))
