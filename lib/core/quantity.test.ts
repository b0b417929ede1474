import { expect, test } from 'vitest'
import { parseQuantity } from './quantity.ts'

test.each([
  ['512Mi', 512 * 2 ** 20],
  ['1Gi', 2 ** 30],
  ['2', 2],
  ['500m', 0.5],
  ['1e3', 1_000],
  ['1.5G', 1.5e9],
  ['.5k', 500],
  ['1E', 1e18],
  ['lots', null],
  ['1Zi', null],
  ['', null],
])('%s is %s', (text, expected) => {
  expect(parseQuantity(text)).toBe(expected)
})
