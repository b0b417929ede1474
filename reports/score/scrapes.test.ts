import { expect, test } from 'vitest'
import { at, buildRun, rule, type StepSpec } from '../testing/build-run.ts'
import { score } from './score.ts'

const kill = (name: string, injected: number): StepSpec => ({
  name,
  injected,
  effective: injected + 1,
  healed: injected + 30,
  recovered: injected + 32,
  alerts: [['availability']],
})
const fires = (pending: number) => ({ alert: 'ReplicaDown', pending, fired: pending + 4, resolved: pending + 34 })

test('a window takes the gap between scrapes when its own fault bit, not when another did', () => {
  const whole = buildRun({
    steps: [kill('one', 100), kill('two', 200)],
    rules: [rule('ReplicaDown', 'availability')],
    episodes: [fires(102), fires(202)],
  })
  const scrapes = whole.scrapes?.map(({ labels, samples }) => ({
    labels,
    samples: samples.filter(([time]) => time < at(199) || time > at(205)),
  }))
  const widths = (run: typeof whole) =>
    score(run).lines.map(({ expected }) => (expected === null ? null : expected.to - expected.from))
  const [first, second] = widths(whole)
  expect(second).toBe(first)
  const [before, widened] = widths({ ...whole, scrapes: scrapes ?? null })
  expect(before).toBe(first)
  expect(widened).toBeGreaterThan(first ?? Infinity)
})
