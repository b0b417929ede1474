import { expect, test } from 'vitest'
import { exitCodeOf } from './score.ts'

test.each([
  { outcome: 'pass', unhealed: [], code: 0 },
  { outcome: 'fail', unhealed: [], code: 1 },
  { outcome: 'unknown', unhealed: [], code: 2 },
  { outcome: 'unknown', unhealed: ['quick-hog (phase Active)'], code: 3 },
  { outcome: 'fail', unhealed: ['quick-hog (phase Active)'], code: 3 },
] as const)('$outcome with $unhealed left ends with $code', ({ outcome, unhealed, code }) => {
  expect(exitCodeOf({ outcome, unhealed: [...unhealed] })).toBe(code)
})
