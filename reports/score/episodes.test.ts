import { expect, test } from 'vitest'
import type { SampleSeries } from '../../lib/core/run-folder.ts'
import { at, alertSamples } from '../testing/build-run.ts'
import { findEpisodes } from './episodes.ts'

const find = (alerts: SampleSeries[], observedTo = at(300)) =>
  findEpisodes({ alerts, notifications: [], evaluationMs: () => 2_000, observedTo }).get('Down') ?? []

test('pending, firing, gone: the first evaluation without it resolves it', () => {
  expect(find(alertSamples({ alert: 'Down', pending: 10, fired: 14, resolved: 20 }))).toEqual([
    { alert: 'Down', instance: '["Down",[]]', activeAt: at(10), firedAt: at(14), resolvedAt: at(20), sampled: true },
  ])
})

test('an alert without `for` fires as it becomes active; one that is there at the end is not resolved', () => {
  expect(find(alertSamples({ alert: 'Down', fired: 10, resolved: 20 }), at(20))).toMatchObject([
    { activeAt: at(10), firedAt: at(10), resolvedAt: null },
  ])
})

test('a gap of more than one and a half evaluations is a new episode', () => {
  const series = [
    ...alertSamples({ alert: 'Down', pending: 10, fired: 14, resolved: 20 }),
    ...alertSamples({ alert: 'Down', pending: 22, fired: 26, resolved: 30 }),
  ]
  expect(find(series).map(({ activeAt, resolvedAt }) => [activeAt, resolvedAt])).toEqual([
    [at(10), at(20)],
    [at(22), at(30)],
  ])
})

test('also where nothing was pending in between', () => {
  const series = [
    ...alertSamples({ alert: 'Down', fired: 10, resolved: 20 }),
    ...alertSamples({ alert: 'Down', fired: 24, resolved: 30 }),
  ]
  expect(find(series).map(({ firedAt, resolvedAt }) => [firedAt, resolvedAt])).toEqual([
    [at(10), at(20)],
    [at(24), at(30)],
  ])
})

test('every label set is an instance with a life of its own', () => {
  const series = [
    ...alertSamples({ alert: 'Down', pending: 10, fired: 14, resolved: 20, labels: { pod: 'a' } }),
    ...alertSamples({ alert: 'Down', pending: 12, fired: 16, resolved: 18, labels: { pod: 'b' } }),
  ]
  expect(find(series).map(({ activeAt }) => activeAt)).toEqual([at(10), at(12)])
  expect(new Set(find(series).map(({ instance }) => instance)).size).toBe(2)
})

test('pending that gives up never fired', () => {
  expect(find(alertSamples({ alert: 'Down', pending: 10, resolved: 14 }))).toMatchObject([
    { firedAt: null, resolvedAt: at(14) },
  ])
})
