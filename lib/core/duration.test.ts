import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Duration, formatDuration, parseDuration } from './duration.ts'

test('what is formatted is read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 ** 9 }), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms)
    }),
  )
})

test.each([
  ['90s', 90_000],
  ['1m30s', 90_000],
  ['250ms', 250],
  ['1.5h', 5_400_000],
])('%s is %i ms', (text, ms) => expect(parseDuration(text)).toBe(ms))

test.each(['', '90', 's', '90 s', '1m30', '-5s', '5x', 'x5s'])('"%s" is no duration', (text) => {
  expect(parseDuration(text)).toBeNull()
  expect(Duration.safeParse(text).error?.issues[0]?.message).toContain(`found "${text}"`)
})
