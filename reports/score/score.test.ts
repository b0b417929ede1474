import { describe, expect, test } from 'vitest'
import type { VerdictClass } from '../../lib/core/verdict.ts'
import { Verdict } from '../../lib/core/verdict.ts'
import { at, buildRun, rule, type RunSpec, type StepSpec } from '../testing/build-run.ts'
import { score } from './score.ts'

const KILL: StepSpec = {
  name: 'kill',
  injected: 100,
  effective: 101,
  healed: 130,
  recovered: 132,
  alerts: [['availability']],
}
const DOWN = rule('ReplicaDown', 'availability')
const CACHE = rule('CacheFull', 'cache')

interface Case {
  title: string
  spec: RunSpec
  /** Of ReplicaDown during `kill`, unless the case says otherwise. */
  becomes: VerdictClass
  alert?: string
  outcome: 'pass' | 'fail' | 'unknown'
  reason: RegExp
}

const run = (episodes: RunSpec['episodes'], overrides: RunSpec = {}): RunSpec => ({
  steps: [KILL],
  rules: [DOWN],
  episodes: episodes ?? [],
  ...overrides,
})

const fires = (fired: number, resolved = 140, alert = 'ReplicaDown') => ({ alert, pending: fired - 4, fired, resolved })

// E = S = 2 s, for 4 s: the alert may fire from +4 s to 1 + 2 + 0.5 + 2 + 4 + tolerance 3 = +12.5 s.
const CASES: Case[] = [
  {
    title: 'fires within its window',
    spec: run([fires(106)]),
    becomes: 'on-time',
    outcome: 'pass',
    reason: /within its window/,
  },
  { title: 'fires after its window', spec: run([fires(114)]), becomes: 'late', outcome: 'fail', reason: /by 1.5s/ },
  {
    title: 'became pending just before the fault',
    spec: run([fires(103, 140)]),
    becomes: 'early',
    outcome: 'fail',
    reason: /before this fault could/,
  },
  { title: 'does not fire at all', spec: run([]), becomes: 'missed', outcome: 'fail', reason: /never pending.*it bit/ },
  {
    title: 'is pending and gives up',
    spec: run([{ alert: 'ReplicaDown', pending: 102, resolved: 104 }]),
    becomes: 'missed',
    outcome: 'fail',
    reason: /pending 2s of the 4s/,
  },
  {
    title: 'has a threshold that cannot be reached',
    spec: run([], { conditions: {} }),
    becomes: 'missed',
    outcome: 'fail',
    reason: /condition never held/,
  },
  {
    title: 'fires although nobody asked',
    spec: run([fires(106), fires(108, 120, 'CacheFull')], { rules: [DOWN, CACHE] }),
    alert: 'CacheFull',
    becomes: 'false-fire',
    outcome: 'fail',
    reason: /nothing in the scenario expects it/,
  },
  {
    title: 'fires and is tolerated',
    spec: run([fires(106), fires(108, 120, 'CacheFull')], {
      rules: [DOWN, CACHE],
      steps: [{ ...KILL, tolerates: ['cache'] }],
    }),
    alert: 'CacheFull',
    becomes: 'tolerated',
    outcome: 'pass',
    reason: /tolerates/,
  },
  {
    title: 'stays quiet as it should',
    spec: run([fires(106)], { rules: [DOWN, CACHE] }),
    alert: 'CacheFull',
    becomes: 'quiet',
    outcome: 'pass',
    reason: /never pending/,
  },
  {
    title: 'always fires',
    spec: run([{ alert: 'ReplicaDown', fired: -30, resolved: 304 }]),
    becomes: 'contaminated',
    outcome: 'unknown',
    reason: /already active before the fault/,
  },
  {
    title: 'was missed where the fault did not bite',
    spec: run([], { steps: [{ ...KILL, bit: false }] }),
    becomes: 'fault-ineffective',
    outcome: 'unknown',
    reason: /nothing changed/,
  },
  {
    title: 'fires where the fault did not bite',
    spec: run([fires(106)], { steps: [{ ...KILL, bit: false }] }),
    becomes: 'fault-ineffective',
    outcome: 'unknown',
    reason: /fired, but nothing changed/,
  },
  {
    title: 'cannot be judged where nobody verified the fault',
    spec: run([fires(106)], { steps: [{ ...KILL, bit: null }] }),
    becomes: 'fault-ineffective',
    outcome: 'unknown',
    reason: /nobody verified/,
  },
  {
    title: 'cannot be judged where the fault was never created',
    spec: run([], { steps: [{ ...KILL, created: false }] }),
    becomes: 'fault-ineffective',
    outcome: 'unknown',
    reason: /never created/,
  },
  {
    title: 'cannot be judged where the fault failed',
    spec: run([], { steps: [{ name: 'kill', phase: 'Failed', bit: null, alerts: [['availability']] }] }),
    becomes: 'fault-ineffective',
    outcome: 'unknown',
    reason: /no ready pod/,
  },
  {
    title: 'reads a metric that nothing has',
    spec: run([], {
      rules: [rule('ReplicaDown', 'availability', { metrics: ['vllm:gpu_cache_usage_perc'] })],
      presence: { 'vllm:gpu_cache_usage_perc': 0 },
    }),
    becomes: 'no-data',
    outcome: 'unknown',
    reason: /vllm:gpu_cache_usage_perc/,
  },
  {
    title: 'reads a metric that had nothing to report of',
    spec: run([], { presence: { 'vllm:metric': null } }),
    becomes: 'missed',
    outcome: 'fail',
    reason: /did not fire/,
  },
  {
    title: 'has an alternative for the metric that is gone',
    spec: run([], {
      rules: [rule('ReplicaDown', 'availability', { expr: 'a > 1 or b{x="and"} > 1', metrics: ['a', 'b'] })],
      presence: { a: 0, b: 3 },
    }),
    becomes: 'missed',
    outcome: 'fail',
    reason: /did not fire/,
  },
  {
    title: 'is broken',
    spec: run([], {
      rules: [rule('ReplicaDown', 'availability', { health: 'err', lastError: 'many-to-many matching' })],
    }),
    becomes: 'broken-rule',
    outcome: 'unknown',
    reason: /many-to-many/,
  },
  {
    title: 'waits longer than the fault lasts',
    spec: run([], { rules: [rule('ReplicaDown', 'availability', { forMs: 120_000 })] }),
    becomes: 'impossible-by-design',
    outcome: 'unknown',
    reason: /it waits 120s/,
  },
  {
    title: 'would have fired after the data end',
    spec: run([], { endsAt: 104, steps: [{ ...KILL, healed: 103, recovered: 103 }] }),
    becomes: 'no-data',
    outcome: 'unknown',
    reason: /data end/,
  },
  {
    title: 'fires as late as the onset of the target allows',
    spec: run([fires(124)], { steps: [{ ...KILL, onset: 15 }] }),
    becomes: 'on-time',
    outcome: 'pass',
    reason: /within its window/,
  },
  {
    title: 'fires when its own condition asks it to, within the onset of the target',
    spec: run([fires(124)], {
      steps: [{ ...KILL, onset: 15 }],
      conditions: { ReplicaDown: [{ from: 120, to: 140 }] },
    }),
    becomes: 'on-time',
    outcome: 'pass',
    reason: /within its window; its condition held from \+20s/,
  },
  {
    title: 'looks so slowly that its own condition holds only long after the target showed it',
    spec: run([fires(138, 150)], {
      steps: [{ ...KILL, onset: 15 }],
      conditions: { ReplicaDown: [{ from: 134, to: 150 }] },
    }),
    becomes: 'late',
    outcome: 'fail',
    reason: /by 10.5s; its condition held only from \+34s: the rule looks too slowly, or its threshold is too high/,
  },
  {
    title: 'fires later than its own condition asks it to, although the onset would leave room',
    spec: run([fires(112)], {
      steps: [{ ...KILL, onset: 15 }],
      conditions: { ReplicaDown: [{ from: 102, to: 140 }] },
    }),
    becomes: 'late',
    outcome: 'fail',
    reason: /by 3s; its condition held from \+2s, so Prometheus had to fire it at \+6s/,
  },
]

describe('an alert that', () => {
  test.each(CASES)('$title is $becomes', ({ spec, alert = 'ReplicaDown', becomes, outcome, reason }) => {
    const verdict = score(buildRun(spec))
    const line = verdict.lines.find((one) => one.alert === alert && one.step === 'kill')
    expect(line).toMatchObject({ class: becomes, reason: expect.stringMatching(reason) })
    expect(verdict.outcome).toBe(outcome)
    expect(() => Verdict.parse(verdict)).not.toThrow()
  })
})

describe('several alerts of one expectation', () => {
  const QUEUE = rule('QueueLong', 'queue')
  const anyOf: StepSpec = { ...KILL, alerts: [['availability', 'queue']] }

  test('one on time is enough, and the silent other is quiet', () => {
    const verdict = score(buildRun({ steps: [anyOf], rules: [DOWN, QUEUE], episodes: [fires(106, 140, 'QueueLong')] }))
    expect(verdict.lines.map((line) => line.class)).toEqual(['quiet', 'on-time'])
    expect(verdict.answers[0]).toMatchObject({ outcome: 'pass', alert: 'QueueLong', timeToDetectMs: 6_000 })
    expect(verdict.outcome).toBe('pass')
  })

  test('a late one is tolerated beside one on time', () => {
    const episodes = [fires(106), fires(126, 140, 'QueueLong')]
    const verdict = score(buildRun({ steps: [anyOf], rules: [DOWN, QUEUE], episodes }))
    expect(verdict.lines.map((line) => line.class)).toEqual(['on-time', 'tolerated'])
  })

  test('two entries are two questions: one answered does not answer the other', () => {
    const both: StepSpec = { ...KILL, alerts: [['availability'], ['queue']] }
    const verdict = score(buildRun({ steps: [both], rules: [DOWN, QUEUE], episodes: [fires(106)] }))
    expect(verdict.lines.map((line) => line.class)).toEqual(['on-time', 'missed'])
    expect(verdict.answers.map(({ outcome }) => outcome)).toEqual(['pass', 'fail', 'pass', 'pass'])
  })

  test('a dead, an unreachable and an endless rule come out as no data, missed and contaminated', () => {
    const dead = rule('Dead', 'cache', { metrics: ['vllm:gpu_cache_usage_perc'] })
    const spec: RunSpec = {
      steps: [{ ...KILL, alerts: [['cache']] }],
      rules: [dead, rule('Unreachable', 'cache'), rule('Always', 'cache')],
      presence: { 'vllm:gpu_cache_usage_perc': 0 },
      conditions: { Always: [{ from: -30, to: 304 }] },
      episodes: [{ alert: 'Always', fired: -30, resolved: 304 }],
    }
    const verdict = score(buildRun(spec))
    expect(verdict.lines.map(({ step, class: name }) => `${step} ${name}`)).toEqual([
      'kill no-data',
      'kill missed',
      'kill contaminated',
      'null contaminated',
    ])
    expect(verdict.outcome).toBe('fail')
  })

  test('an expectation that no rule speaks of is unknown', () => {
    const verdict = score(buildRun({ steps: [{ ...KILL, alerts: [['gpu']] }], rules: [DOWN] }))
    expect(verdict.answers[0]).toMatchObject({
      outcome: 'unknown',
      reason: expect.stringContaining('no rule in force'),
    })
    expect(verdict.outcome).toBe('unknown')
  })
})

test('a fault that did not bite answers no question, whatever fired', () => {
  const verdict = score(buildRun(run([fires(106)], { steps: [{ ...KILL, bit: false }] })))
  expect(verdict.answers[0]).toMatchObject({ outcome: 'unknown', alert: null, timeToDetectMs: null })
})

test('a rule that fired has its data, whatever presence says', () => {
  const verdict = score(buildRun(run([fires(106)], { presence: { 'vllm:metric': 0 } })))
  expect(verdict.lines[0]).toMatchObject({ class: 'on-time' })
})

describe('outside of faults', () => {
  const quietKill = fires(106)
  const nulls = (spec: RunSpec) => score(buildRun(spec)).lines.filter(({ step }) => step === null)

  test.each([
    { title: 'before the first fault', episode: fires(60, 70), reason: /before the first fault/ },
    { title: 'after the last one is long over', episode: fires(200, 210), reason: /no fault can have caused/ },
  ])('an alert that fires $title is a false fire', ({ episode, reason }) => {
    const spec = run([quietKill, episode])
    expect(nulls(spec)).toMatchObject([{ class: 'false-fire', reason: expect.stringMatching(reason) }])
    expect(score(buildRun(spec)).outcome).toBe('fail')
  })

  test('what was firing before the load and ended before the baseline is of no interest', () => {
    expect(nulls(run([quietKill, { alert: 'ReplicaDown', fired: -30, resolved: 10 }]))).toEqual([])
  })

  test('an alert still firing from the fault before contaminates the next, and is tolerated where that is allowed', () => {
    const next: StepSpec = { name: 'next', injected: 136, recovered: 160, alerts: [['availability']] }
    const steps = (tolerates: string[]): StepSpec[] => [
      KILL,
      { ...next, ...(tolerates.length > 0 ? { alerts: [], tolerates } : {}) },
    ]
    const classes = (tolerates: string[]) =>
      score(buildRun({ steps: steps(tolerates), rules: [DOWN], episodes: [fires(106, 150)] })).lines.map(
        (line) => line.class,
      )
    expect(classes([])).toEqual(['on-time', 'contaminated'])
    expect(classes(['availability'])).toEqual(['on-time', 'tolerated'])
  })

  test('an alert that the webhook tells of counts although no sample shows it', () => {
    const alerts = [
      { status: 'firing', labels: { alertname: 'ReplicaDown' }, startsAt: at(60), endsAt: null, fingerprint: 'f' },
    ]
    const notifications = [{ receivedAt: at(61), status: 'firing', alerts }]
    expect(nulls(run([quietKill], { notifications }))).toMatchObject([{ seen: { notifiedAt: at(61) } }])
  })
})

describe('alert samples that are lost', () => {
  const held = { conditions: { ReplicaDown: [{ from: 102, to: 140 }] } }

  test('are told by the condition, which held for long enough: the silence is neither a pass nor a miss', () => {
    const verdict = score(buildRun(run([], held)))
    expect(verdict.outcome).toBe('unknown')
    expect(verdict.lines).toMatchObject([{ class: 'no-data' }])
    expect(verdict.reasons.join()).toContain(
      'prometheus/alerts.jsonl has no samples of ReplicaDown, although its condition held for long enough to fire at +106s of the load',
    )
  })

  test('are told where nothing was asked of the alert, too', () => {
    const verdict = score(buildRun({ rules: [DOWN], steps: [{ ...KILL, alerts: [] }], ...held }))
    expect(verdict.outcome).toBe('unknown')
    expect(verdict.reasons.join()).toContain('prometheus/alerts.jsonl has no samples of ReplicaDown')
  })

  test.each([
    { told: 'firing', from: 106, to: null, outcome: 'unknown' },
    { told: 'resolved', from: 106, to: 130, outcome: 'unknown' },
    // It was over before the run began: Alertmanager says so late.
    { told: 'resolved', from: -90, to: -40, outcome: 'pass' },
    // It ended in the run's first moment: its last sample may be older.
    { told: 'resolved', from: -90, to: -29, outcome: 'pass' },
    { told: 'resolved', from: -90, to: -20, outcome: 'unknown' },
  ])('are told by a notification ($told since $from): $outcome', ({ told, from, to, outcome }) => {
    const endsAt = to === null ? null : at(to)
    const alert = { status: told, labels: { alertname: 'CacheFull' }, startsAt: at(from), endsAt, fingerprint: 'f' }
    const verdict = score(
      buildRun(
        run([fires(106)], {
          rules: [DOWN, CACHE],
          steps: [{ ...KILL, tolerates: ['cache'] }],
          notifications: [{ receivedAt: at(to ?? from), status: told, alerts: [alert] }],
        }),
      ),
    )
    expect(verdict.outcome).toBe(outcome)
    expect(verdict.reasons.join().includes('has no samples of CacheFull')).toBe(outcome === 'unknown')
  })

  test('are told by a notification of an alert whose samples end at pending', () => {
    const pending = { alert: 'ReplicaDown', pending: 102, resolved: 108 }
    const labels = { alertname: 'ReplicaDown' }
    const alerts = [{ status: 'firing', labels, startsAt: at(106), endsAt: null, fingerprint: 'f' }]
    const notifications = [{ receivedAt: at(107), status: 'firing', alerts }]
    const verdict = score(buildRun(run([pending], { notifications })))
    expect(verdict.outcome).toBe('unknown')
    expect(verdict.reasons.join()).toContain('has no samples of ReplicaDown firing, although Alertmanager')
  })

  test('are not lost where the alert was pending and its samples tell so', () => {
    const pending = { alert: 'ReplicaDown', pending: 102, resolved: 140 }
    expect(score(buildRun(run([pending], held))).lines).toMatchObject([{ class: 'missed' }])
  })
})
