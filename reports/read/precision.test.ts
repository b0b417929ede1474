import { expect, test } from 'vitest'
import { seededRandom } from '../../lib/core/random.ts'
import { measured, rounded, roundedPercentiles, stepOf } from './precision.ts'

test.each([
  [203.44, null, '203 ms'],
  [203.44, 1.2, '204 ms'],
  [203.44, 0.34, '203.5 ms'],
  [203.44, 0.000_1, '203.4 ms'],
  [203.44, 23, '200 ms'],
  [1_234.4, 2, '1,234 ms'],
  [1.2, 1.2, "below the client's error of 1.2 ms"],
  [0, 0.034, "below the client's error of 0.034 ms"],
  [0.04, null, '0 ms'],
])('%d ms with an error of %d is shown as %s', (ms, error, text) => expect(measured(ms, error)).toBe(text))

test('a percentile that the client could not have seen stays one, however it is rounded', () => {
  const values = roundedPercentiles({ p50: 27, p95: 28, p99: 33 }, 28)
  expect(values).toEqual({ p50: 28, p95: 28, p99: 50 })
  expect(measured(values?.p50 ?? 0, 28)).toContain('below')
  expect(measured(values?.p99 ?? 0, 28)).toBe('50 ms')
})

test('no digit is finer than the error, and none is lost that is not', () => {
  const random = seededRandom(2)
  for (let round = 0; round < 1_000; round++) {
    const error = 10 ** (random.next() * 5 - 2)
    const ms = 10 ** (random.next() * 6)
    const step = stepOf(error)
    expect(step * (1 + 1e-9)).toBeGreaterThanOrEqual(Math.max(error, 0.1))
    expect(step).toBeLessThan(2.5 * Math.max(error, 0.1) + 1e-9)
    const shown = rounded(ms, error)
    expect(Math.abs(shown - ms)).toBeLessThanOrEqual(step / 2 + 1e-9)
    expect(Math.abs(shown / step - Math.round(shown / step))).toBeLessThan(1e-6)
  }
})
