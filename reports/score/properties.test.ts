import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { RUN_FILES } from '../../lib/core/run-folder.ts'
import type { Outcome, Verdict } from '../../lib/core/verdict.ts'
import type { RunData } from '../read/run-data.ts'
import { buildRun, rule, type EpisodeSpec, type RunSpec, type StepSpec } from '../testing/build-run.ts'
import { shiftRun } from '../testing/shift-run.ts'
import { score } from './score.ts'

const ALERTS = ['ReplicaDown', 'QueueLong', 'CacheFull']
const RULES = [
  rule('ReplicaDown', 'availability'),
  rule('QueueLong', 'queue'),
  rule('CacheFull', 'cache', { windowMs: 10_000 }),
]
const STEPS: StepSpec[] = [
  { name: 'kill', injected: 80, healed: 100, recovered: 102, alerts: [['availability'], ['queue', 'cache']] },
  { name: 'flag', injected: 160, healed: 180, recovered: 181, alerts: [['cache']], tolerates: ['queue'] },
]

const episode: fc.Arbitrary<EpisodeSpec> = fc
  .record({
    alert: fc.constantFrom(...ALERTS),
    from: fc.integer({ min: -10, max: 140 }),
    pends: fc.nat(4),
    lasts: fc.nat(30),
  })
  .map(({ alert, from, pends, lasts }) => {
    const pending = from * 2
    const fired = pending + pends * 2
    return { alert, pending, fired, resolved: Math.min(304, fired + 2 + lasts * 2) }
  })
const spec: fc.Arbitrary<RunSpec> = fc.record({
  steps: fc.constant(STEPS),
  rules: fc.constant(RULES),
  episodes: fc.array(episode, { maxLength: 4 }),
  users: fc.constant(3),
})

const RANK: Record<Outcome, number> = { pass: 0, unknown: 1, fail: 2 }
const classes = ({ outcome, lines, answers }: Verdict): unknown => ({
  outcome,
  lines: lines.map((line) => [line.step, line.alert, line.class, line.reason]),
  answers: answers.map((answer) => [answer.question, answer.outcome]),
})

test('a run judged on another day is judged the same', () => {
  fc.assert(
    fc.property(spec, fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }), (one, shift) => {
      const run = buildRun(one)
      expect(classes(score(shiftRun(run, shift)))).toEqual(classes(score(run)))
    }),
    { numRuns: 60 },
  )
})

test('one more alert that stays quiet never makes an outcome better, nor changes what the others did', () => {
  fc.assert(
    fc.property(spec, fc.constantFrom('availability', 'queue', 'gpu', null), (one, symptom) => {
      const before = score(buildRun(one))
      const after = score(buildRun({ ...one, rules: [...RULES, rule('Silent', symptom)] }))
      expect(RANK[after.outcome]).toBeGreaterThanOrEqual(RANK[before.outcome])
      const others = after.lines.filter(({ alert }) => alert !== 'Silent')
      expect(others.map((line) => line.class)).toEqual(before.lines.map((line) => line.class))
    }),
    { numRuns: 60 },
  )
})

test('one more fire that nobody expects never makes an outcome better', () => {
  fc.assert(
    fc.property(spec, episode, (one, extra) => {
      const rules = [...RULES, rule('Stranger', null)]
      const before = score(buildRun({ ...one, rules }))
      const after = score(
        buildRun({ ...one, rules, episodes: [...(one.episodes ?? []), { ...extra, alert: 'Stranger' }] }),
      )
      expect(RANK[after.outcome]).toBeGreaterThanOrEqual(RANK[before.outcome])
    }),
    { numRuns: 60 },
  )
})

const PARTS = {
  run: RUN_FILES.run,
  scenario: RUN_FILES.scenario,
  plan: RUN_FILES.plan,
  faults: RUN_FILES.faults,
  requests: RUN_FILES.requests,
  summary: RUN_FILES.summary,
  rules: RUN_FILES.rules,
  alerts: RUN_FILES.alerts,
  scrapes: RUN_FILES.scrapes,
  presence: RUN_FILES.presence,
  pods: RUN_FILES.pods,
} as const satisfies Partial<Record<keyof RunData, string>>

test.each(Object.entries(PARTS))('a good run without %s is no pass, and not a failure of the alerts', (part, file) => {
  const good = buildRun({
    steps: [{ name: 'kill', injected: 80, healed: 100, recovered: 102, alerts: [['availability']] }],
    rules: RULES,
    episodes: [{ alert: 'ReplicaDown', pending: 82, fired: 86, resolved: 104 }],
  })
  expect(score(good).outcome).toBe('pass')
  const problems = [{ file, kind: 'missing' as const, reason: 'not in the run folder' }]
  const verdict = score({ ...good, [part]: null, problems })
  expect(verdict.outcome).toBe('unknown')
  expect(verdict.reasons.join('\n')).toContain(file)
})
