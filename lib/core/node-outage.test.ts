import { expect, test } from 'vitest'
import { DOWN_ANNOTATION, readOutage, writeOutage } from './node-outage.ts'

test('an outage is read as it was written', () => {
  const outage = { until: Date.UTC(2026, 10, 22, 13), id: 'gone-1a2b3c4d' }
  expect(writeOutage(outage)).toBe('2026-11-22T13:00:00.000Z/gone-1a2b3c4d')
  expect(readOutage({ [DOWN_ANNOTATION]: writeOutage(outage) })).toEqual(outage)
})

test.each(['', 'yes', 'soon/gone-1', '2026-11-22T13:00:00.000Z', '2026-11-22T13:00:00.000Z/'])(
  '"%s" takes no node down',
  (text) => {
    expect(readOutage({ [DOWN_ANNOTATION]: text })).toBeNull()
  },
)

test('a node without the annotation is up', () => {
  expect(readOutage({})).toBeNull()
  expect(readOutage(undefined)).toBeNull()
})
