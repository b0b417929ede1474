import { deriveSeed, seededRandom } from '../core/random.ts'
import type { Traffic, TrafficPlan } from '../core/traffic.ts'
import type { Sizes } from './turn.ts'

/** A traffic fault in force, as the timeline's virtual user says it to all others. No imports of k6, nor of zod. */
export interface Pressure extends TrafficPlan {
  step: string
}

/** What a request is to be under pressure. */
export interface PressedSizes extends Sizes {
  /** Its opening is drawn from this seed, and nobody else's is the same; null for the workload's own. */
  uniqueSeed: number | null
  /** The steps that made it other than it would have been. */
  traffic: string[]
  /** Those of them that the chat carries on in its messages. */
  kept: string[]
}

/**
 * A request's sizes as the traffic faults in force want them. The workload's draws stay as they are, and what is drawn by lot here
 * has a seed of its own: the same request meets the same fate whenever it is pressed, and is its old self when it is not.
 */
export const pressed = (sizes: Sizes, name: string, pressures: readonly Pressure[]): PressedSizes => {
  let all: PressedSizes = { ...sizes, uniqueSeed: null, traffic: [], kept: [] }
  for (const { step, seed, traffic } of pressures) {
    if (traffic.kind === 'surge' || seededRandom(deriveSeed(seed, name)).next() >= traffic.share) continue
    all = Object.assign({}, all, changed(all, traffic, seed), {
      traffic: all.traffic.concat(step),
      kept: traffic.kind === 'leaving' ? all.kept : all.kept.concat(step),
    })
  }
  return all
}

/** Both, each step once. */
export const joined = (before: readonly string[], now: readonly string[]): string[] => [...new Set([...before, ...now])]

/** Whether a chat ends here: what is in its messages would outlive the fault that put it there. */
export const isSpent = (kept: readonly string[], pressures: readonly Pick<Pressure, 'step'>[]): boolean =>
  kept.some((step) => !pressures.some((one) => one.step === step))

/** For the journal. */
export const inWords = ({ kind, ...how }: Traffic): string => `${kind} ${JSON.stringify(how)}`

// --- Internal helpers ---

const changed = (
  { own, whole }: Sizes,
  traffic: Exclude<Traffic, { kind: 'surge' }>,
  seed: number,
): Partial<PressedSizes> => {
  switch (traffic.kind) {
    case 'longer-prompts': {
      const longer = (tokens: number): number => Math.round(tokens * traffic.factor) + traffic.tokens
      // A trace's row says the whole prompt: what is shared stays as long as it is.
      return { own: longer(own), whole: whole === null ? null : longer(whole) }
    }
    case 'unique-prefixes':
      return { uniqueSeed: seed }
    case 'leaving':
      return { cancel: traffic.cancel }
  }
}
