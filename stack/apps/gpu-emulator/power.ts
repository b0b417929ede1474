export interface PowerRating {
  idleWatts: number
  /** The limit as it comes from the factory, and the highest there is. */
  maxWatts: number
  minWatts: number
}

/** What a power limit does to one device. It lasts until it is set again, or the device is gone, as a driver keeps it. */
export interface Power {
  limitWatts(): number
  /** False where the device has no such limit. */
  limit(watts: number): boolean
  /** Share of the full clock that the limit leaves, 0 to 1. */
  speed(): number
  /** Watts drawn at a busy share of 0 to 1. */
  drawn(busy: number): number
}

/** What a clock draws grows with its cube: with the frequency, and with the square of the voltage that it asks for. */
export const createPower = ({ idleWatts, maxWatts, minWatts }: PowerRating): Power => {
  let limit = maxWatts
  const speed = (): number => Math.cbrt((limit - idleWatts) / (maxWatts - idleWatts))
  return {
    limitWatts: () => limit,
    limit: (watts) => {
      if (watts < minWatts || watts > maxWatts) return false
      limit = watts
      return true
    },
    speed,
    drawn: (busy) => idleWatts + (maxWatts - idleWatts) * busy * speed() ** 3,
  }
}
