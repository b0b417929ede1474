import { expect, test } from 'vitest'
import { parseEvent } from './event-line.ts'
import { formatEvent } from './script-event.ts'
import { truthOf } from './truth.ts'

const vector = (...values: string[]) =>
  truthOf({ data: { resultType: 'vector', result: values.map((value) => ({ value: [1, value] })) } })

test('a condition is true while it returns any series, and a scalar always is', () => {
  expect(vector()).toEqual({ kind: 'false' })
  expect(vector('0', '7')).toEqual({ kind: 'true', value: 0 })
  expect(truthOf({ data: { resultType: 'scalar', result: [1, '0.5'] } })).toEqual({ kind: 'true', value: 0.5 })
})

test('of an answer that says nothing of now nothing is known', () => {
  const message = 'expected a vector or a scalar, found matrix'
  expect(truthOf({ data: { resultType: 'matrix', result: [] } })).toEqual({ kind: 'unknown', message })
  expect(truthOf({ data: { resultType: 'string', result: [1, 'x'] } })).toMatchObject({ kind: 'unknown' })
  expect(truthOf({})).toMatchObject({ kind: 'unknown', message: expect.stringContaining('no result') })
})

test.each([
  ['+Inf', Number.MAX_VALUE],
  ['-Inf', -Number.MAX_VALUE],
  ['NaN', 0],
])('%s is a value that the journal keeps', (text, value) => {
  const truth = vector(text)
  expect(truth).toEqual({ kind: 'true', value })
  const event = { event: 'condition-true' as const, at: 1, step: 'a', value }
  expect(parseEvent(formatEvent(event))).toEqual(event)
})
