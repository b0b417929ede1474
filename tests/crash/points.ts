import type { Random } from '../../lib/core/random.ts'
import type { CrashPoint } from './proxy.ts'

/** Who ends the fault once its controller is dead. */
export type Healer = 'controller' | 'heal'

export interface KillPoint extends CrashPoint {
  /** Of its boundary in the dry pass, from 0. */
  index: number
  healer: Healer
}

/** Before and after each boundary, the two healers in turn; the other way round with the next seed. */
export const killPoints = (boundaries: readonly string[], seed: number): KillPoint[] =>
  boundaries.flatMap((boundary, index) =>
    (['before', 'after'] as const).map((when, second) => ({
      index,
      when,
      boundary,
      healer: (index + second + seed) % 2 === 0 ? ('controller' as const) : ('heal' as const),
    })),
  )

/** So many of them, in their order; all where there are not more. */
export const sampled = (points: readonly KillPoint[], share: number, random: Random): KillPoint[] =>
  share >= points.length
    ? [...points]
    : random
        .pick(points, share)
        .sort((a, b) => a.index - b.index || Number(a.when === 'after') - Number(b.when === 'after'))
