import { expect, test } from 'vitest'
import { inverseDiagonal, normalEquations, solveNonNegative } from './least-squares.ts'

const solve = (rows: [number[], number][], ridge = 0): number[] =>
  solveNonNegative(
    normalEquations(
      rows.map(([row, value]) => ({ row, value, sigma: 0.5 })),
      rows[0]?.[0].length ?? 0,
      ridge,
    ),
  )

test('solves what has a solution', () => {
  const [a, b] = solve([
    [[1, 2], 8],
    [[3, 1], 9],
    [[1, 1], 5],
  ])
  expect(a).toBeCloseTo(2, 6)
  expect(b).toBeCloseTo(3, 6)
})

test('nothing is negative: the best without it is found', () => {
  // Without the limit: 4 and -1.
  const [a, b] = solve([
    [[1, 1], 3],
    [[1, 0], 4],
    [[0, 1], -1],
  ])
  expect(a).toBeCloseTo(3.5, 6)
  expect(b).toBe(0)
})

test('what always comes together is shared', () => {
  const [a, b] = solve([[[1, 1], 8]], 0.01)
  expect(a).toBeCloseTo(4, 2)
  expect(b).toBeCloseTo(4, 2)
})

test('how far an unknown can go while others make up for it', () => {
  // The inverse is [[2, -1], [-1, 1]].
  expect(
    inverseDiagonal([
      [1, 1],
      [1, 2],
    ]),
  ).toEqual([2, 1])
})
