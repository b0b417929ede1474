import { expect, test } from 'vitest'
import type { AlertRule } from './rule.ts'
import { unexpectedAlerts } from './unexpected-alert.ts'

const rule = (alert: string, symptom: AlertRule['symptom']): AlertRule => ({
  alert,
  group: 'g',
  file: 'f',
  expr: 'up',
  forMs: 0,
  keepFiringForMs: 0,
  intervalMs: 2_000,
  labels: {},
  annotations: {},
  symptom,
  health: 'ok',
  lastError: '',
  evaluatedAt: 0,
  windowMs: 0,
  metrics: [],
})

const plan = {
  rules: [rule('QueueGrows', 'queue'), rule('PodDown', 'availability'), rule('Slow', 'latency')],
  timing: { scrapeIntervalMs: 1_000, evaluationIntervalMs: 2_000 },
  steps: [
    {
      name: 'kill',
      fault: 'pod-kill',
      params: {},
      durationMs: 20_000,
      expected: { alerts: [['availability']], tolerates: ['Slow'], onsetMs: 15_000 },
    },
  ],
}
const windows = [{ step: 'kill', from: 100_000, to: 130_000 }]
const at = (time: number, ...alerts: string[]) => unexpectedAlerts({ alerts, at: time }, plan, windows)

test('while a fault is in force, what its step expects or tolerates may fire, and nothing else', () => {
  expect(at(110_000, 'PodDown', 'Slow')).toEqual([])
  expect(at(110_000, 'PodDown', 'QueueGrows')).toEqual(['QueueGrows'])
})

test('before any fault nothing may fire, whatever a later step expects', () => {
  expect(at(99_000, 'PodDown')).toEqual(['PodDown'])
})

test('after it an alert may hold for as long as scraping and evaluating take', () => {
  // 1 s scrape + 0.5 s + 2 s evaluation, and 3 s tolerance.
  expect(at(136_400, 'PodDown')).toEqual([])
  expect(at(136_600, 'PodDown')).toEqual(['PodDown'])
})

test('an alert that no rule of the plan explains is unexpected, unless it is named', () => {
  expect(at(110_000, 'SomebodyElses')).toEqual(['SomebodyElses'])
})

test('a fault without an end is in force', () => {
  expect(unexpectedAlerts({ alerts: ['PodDown'], at: 1e12 }, plan, [{ step: 'kill', from: 0, to: Infinity }])).toEqual(
    [],
  )
})
