import { expect, test } from 'vitest'
import { alertRules } from './rules.ts'

const group = (file: string): Parameters<typeof alertRules>[0][number] => ({
  name: 'g',
  file,
  interval: 2,
  lastEvaluation: 1_000,
  rules: [
    {
      type: 'alerting',
      name: 'A',
      query: 'rate(vllm:x[30s]) > 1',
      duration: 4,
      keepFiringFor: 0,
      labels: { symptom: 'cache' },
      annotations: {},
      health: 'ok',
      lastError: '',
      lastEvaluation: null,
      state: 'inactive',
      alerts: [],
    },
  ],
})

test('a rule has its times in milliseconds, and of its file the name alone', () => {
  expect(alertRules([group('/home/me/.local/state/firedrill/one/pods/x/rules/vllm.yaml')])).toEqual([
    expect.objectContaining({
      alert: 'A',
      file: 'vllm.yaml',
      forMs: 4_000,
      intervalMs: 2_000,
      windowMs: 30_000,
      symptom: 'cache',
      evaluatedAt: 1_000,
      metrics: ['vllm:x'],
    }),
  ])
})

test('each expression is read for itself', () => {
  const [rule] = group('a.yaml').rules
  const other = { ...group('b.yaml'), rules: rule === undefined ? [] : [{ ...rule, query: 'rate(up[1m]) > 0' }] }
  const twice = [group('a.yaml'), other, group('a.yaml')]
  expect(alertRules(twice).map(({ windowMs, metrics }) => [windowMs, ...metrics])).toEqual([
    [30_000, 'vllm:x'],
    [60_000, 'up'],
    [30_000, 'vllm:x'],
  ])
})

test('a map of symptoms overrules the label', () => {
  expect(alertRules([group('a.yaml')], { A: 'gpu' })[0]).toMatchObject({ symptom: 'gpu', file: 'a.yaml' })
})
