/** A seeded source of numbers; the only randomness that planning, workloads and models may use. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform integer in [0, below). */
  int(below: number): number
  /** `count` distinct items, in random order; all of them when fewer are there. */
  pick<T>(items: readonly T[], count: number): T[]
}

export const seededRandom = (seed: number): Random => new Mulberry32(seed)

/** A seed of its own for each named part of a run, so that adding one part does not shift another's draws (FNV-1a). */
export const deriveSeed = (seed: number, name: string): number => {
  let hash = 0x811c9dc5 ^ seed
  // By index: k6's interpreter, which does this for every request, is slow at iterators.
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193)
  return hash >>> 0
}

/**
 * deriveSeed(seed, a + b) is deriveFurther(deriveSeed(seed, a), b): what many names begin with need not be read for each. Such a seed
 * goes on where deriveSeed begins.
 */
export const deriveFurther = (derived: number, name: string): number => deriveSeed(0x811c9dc5 ^ derived, name)

// --- Internal helpers ---

/**
 * mulberry32: 32 bits of state, passes the usual batteries for this use, the same on every platform. A class, as every
 * request of a load has one of its own.
 */
class Mulberry32 implements Random {
  /** Signed: such a number is no object of its own. */
  private state: number

  constructor(seed: number) {
    this.state = seed | 0
  }

  next(): number {
    const state = (this.state + 0x6d2b79f5) | 0
    this.state = state
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  int(below: number): number {
    return Math.floor(this.next() * below)
  }

  pick<T>(items: readonly T[], count: number): T[] {
    const rest = [...items]
    const picked: T[] = []
    while (picked.length < count && rest.length > 0) picked.push(...rest.splice(this.int(rest.length), 1))
    return picked
  }
}
