/** `row · x` should be `value`, which is known to within `sigma`. */
export interface Equation {
  row: readonly number[]
  value: number
  sigma: number
}

export interface NormalEquations {
  matrix: readonly (readonly number[])[]
  side: readonly number[]
}

/** `ridge` draws every unknown to 0: what the equations cannot tell apart is shared between those unknowns. */
export const normalEquations = (equations: readonly Equation[], unknowns: number, ridge: number): NormalEquations => {
  const zeros = (): number[] => Array.from({ length: unknowns }, () => 0)
  const matrix = Array.from({ length: unknowns }, (_, at) => zeros().with(at, ridge))
  const side = zeros()
  for (const { row, value, sigma } of equations) {
    for (const [i, line] of matrix.entries()) {
      const weighted = (row[i] ?? 0) / sigma ** 2
      if (weighted === 0) continue
      side[i] = (side[i] ?? 0) + weighted * value
      for (const [j, other] of row.entries()) line[j] = (line[j] ?? 0) + weighted * other
    }
  }
  return { matrix, side }
}

/** Solves for x ≥ 0, one coordinate after the other: no work takes less than no time. */
export const solveNonNegative = ({ matrix, side }: NormalEquations): number[] => {
  const x = side.map(() => 0)
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let moved = 0
    for (const [i, line] of matrix.entries()) {
      const curvature = line[i] ?? 0
      if (curvature <= 0) continue
      const before = x[i] ?? 0
      const after = Math.max(0, before - (dot(line, x) - (side[i] ?? 0)) / curvature)
      x[i] = after
      moved = Math.max(moved, Math.abs(after - before) * Math.sqrt(curvature))
    }
    if (moved < SETTLED) break
  }
  return x
}

/** Of the inverse of a symmetric, positive matrix: how far each unknown can go while the others make up for it, squared. */
export const inverseDiagonal = (matrix: readonly (readonly number[])[]): number[] =>
  matrix.map((_, unknown) => {
    const rows = matrix.map((line, i) => [...line, i === unknown ? 1 : 0])
    for (const [i, pivot] of rows.entries()) {
      for (const [j, line] of rows.entries()) {
        if (i === j) continue
        const factor = (line[i] ?? 0) / (pivot[i] ?? 1)
        for (const [at, value] of pivot.entries()) line[at] = (line[at] ?? 0) - factor * value
      }
    }
    return (rows[unknown]?.at(-1) ?? 0) / (rows[unknown]?.[unknown] ?? 1)
  })

export const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)

// --- Internal helpers ---

const MOST_SWEEPS = 20_000
const SETTLED = 1e-9
