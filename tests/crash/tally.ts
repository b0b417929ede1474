/** Gives each boundary of a life a name that it has in every other life of that fault, too. */
export interface Tally {
  /** `Injecting: DELETE pods 2`; null for what repeats a boundary that has been. */
  name(what: string): string | null
}

/**
 * By phase, act and how many there were of it: not by how many came before, since a busy controller looks after a fault in force
 * less often. What it asks and writes then is the same each time, and counts once.
 */
export const newTally = (): Tally => {
  let phase = 'New'
  const counts = new Map<string, number>()
  return {
    name(what) {
      const act = `${phase}: ${what}`
      const count = (counts.get(act) ?? 0) + 1
      counts.set(act, count)
      const repeats = phase === 'Active' && count > 1
      phase = /^PUT faults\/status (\w+)$/.exec(what)?.[1] ?? phase
      return repeats ? null : count === 1 ? act : `${act} ${count}`
    },
  }
}
