export interface Minimum {
  at: readonly number[]
  value: number
  evaluations: number
}

export interface SearchLimits {
  /** Side of the first simplex, in every dimension. */
  size: number
  evaluations: number
  /** Ends when the corners' values lie this close together. */
  tolerance: number
}

/**
 * Nelder and Mead's simplex search with their own coefficients (The Computer Journal 7, 1965). It needs no derivatives:
 * what is minimised here is a replay, which jumps where a request makes a step or misses it.
 */
export const minimise = (
  cost: (at: readonly number[]) => number,
  start: readonly number[],
  { size, evaluations: most, tolerance }: SearchLimits,
): Minimum => {
  let evaluations = 0
  const corner = (at: readonly number[]): Corner => {
    evaluations++
    return { at, value: cost(at) }
  }
  const corners = [start, ...start.map((_, side) => start.map((x, axis) => (axis === side ? x + size : x)))].map(corner)
  const byValue = (): Ends => {
    corners.sort((a, b) => a.value - b.value)
    const [best, worst, second] = [corners[0], corners.at(-1), corners.at(-2)]
    if (best === undefined || worst === undefined || second === undefined) throw new Error('nothing to minimise over')
    return { best, worst, second }
  }
  for (;;) {
    const { best, worst, second } = byValue()
    if (evaluations >= most || worst.value - best.value <= tolerance) return { ...best, evaluations }
    const centre = start.map((_, axis) => mean(corners.slice(0, -1).map(({ at }) => at[axis] ?? 0)))
    // Along the line from the worst corner through the middle of the others: 1 is the mirror image.
    const along = (by: number): Corner => corner(centre.map((x, axis) => x + by * (x - (worst.at[axis] ?? 0))))
    const mirrored = along(1)
    if (mirrored.value < best.value) {
      const further = along(2)
      corners[corners.length - 1] = further.value < mirrored.value ? further : mirrored
    } else if (mirrored.value < second.value) corners[corners.length - 1] = mirrored
    else {
      const nearer = along(mirrored.value < worst.value ? 0.5 : -0.5)
      if (nearer.value < Math.min(worst.value, mirrored.value)) corners[corners.length - 1] = nearer
      else {
        for (let index = 1; index < corners.length; index++) {
          corners[index] = corner((corners[index]?.at ?? []).map((x, axis) => (x + (best.at[axis] ?? 0)) / 2))
        }
      }
    }
  }
}

// --- Internal helpers ---

interface Corner {
  at: readonly number[]
  value: number
}

interface Ends {
  best: Corner
  worst: Corner
  second: Corner
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
