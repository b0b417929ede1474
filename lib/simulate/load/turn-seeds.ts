import { deriveFurther, deriveSeed } from '../../core/random.ts'
import type { TurnKey } from '../../k6/turn.ts'

/** The seeds of one user's turns, those that drawSizes derives from their names: what all its names begin with is read once. */
export class TurnSeeds {
  private readonly seed: number
  private vu = Number.NaN
  private ofUser = 0

  constructor(seed: number) {
    this.seed = seed
  }

  of(key: TurnKey, index: number): number {
    const chat =
      'vu' in key
        ? deriveFurther(this.begun(key.vu), String(key.chat))
        : deriveSeed(this.seed, `arrival-${key.arrival}`)
    return index === 0 ? chat : deriveFurther(chat, `-${index}`)
  }

  private begun(vu: number): number {
    if (vu !== this.vu) {
      this.vu = vu
      this.ofUser = deriveSeed(this.seed, `vu-${vu}-`)
    }
    return this.ofUser
  }
}
