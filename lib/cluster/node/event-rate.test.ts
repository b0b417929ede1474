import { expect, test } from 'vitest'
import { allow, type Bucket } from './event-rate.ts'

test('25 events at once, then one every five minutes', () => {
  let bucket: Bucket | null = null
  let allowed = 0
  // One event a second for an hour.
  for (let second = 0; second < 3_600; second += 1) {
    const answer = allow(bucket, second * 1_000)
    bucket = answer.bucket
    allowed += Number(answer.allowed)
  }
  expect(allowed).toBe(25 + 11)
})
