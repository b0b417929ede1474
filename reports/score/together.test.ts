import { describe, expect, test } from 'vitest'
import type { VerdictClass } from '../../lib/core/verdict.ts'
import { findCases } from '../dataset/find-cases.ts'
import { at, buildRun, rule, type RunSpec, type StepSpec } from '../testing/build-run.ts'
import { score } from './score.ts'
import { stepRecords } from './steps.ts'

const A: StepSpec = { name: 'a', injected: 100, effective: 101, healed: 160, recovered: 160, alerts: [['queue']] }
const B: StepSpec = { name: 'b', injected: 120, effective: 121, healed: 140, recovered: 140, alerts: [['cache']] }
const QUEUE = rule('QueueLong', 'queue')
const CACHE = rule('CacheFull', 'cache')
const DOWN = rule('ReplicaDown', 'availability')

const run = (episodes: RunSpec['episodes'], steps: StepSpec[] = [A, B]): RunSpec => ({
  steps,
  rules: [QUEUE, CACHE, DOWN],
  episodes: episodes ?? [],
})
const fires = (alert: string, fired: number, resolved: number) => ({ alert, pending: fired - 4, fired, resolved })

const classes = (spec: RunSpec, alert: string): Record<string, VerdictClass> =>
  Object.fromEntries(
    score(buildRun(spec))
      .lines.filter((line) => line.alert === alert)
      .map((line) => [line.step ?? 'outside', line.class]),
  )
const reasonOf = (spec: RunSpec, alert: string, step: string): string =>
  score(buildRun(spec)).lines.find((line) => line.alert === alert && line.step === step)?.reason ?? ''

/** Fires 8 s after the injection of `b`, which `a` outlasts. */
const DURING_BOTH = 128

describe('two faults in force at the same time', () => {
  const answered = [fires('QueueLong', 106, 165), fires('CacheFull', DURING_BOTH, 145)]

  test('each has the alert that it expects, and neither is blamed for the other’s', () => {
    expect(classes(run(answered), 'CacheFull')).toEqual({ a: 'tolerated', b: 'on-time' })
    // It fired before `b` came, for a fault that was still in force.
    expect(classes(run(answered), 'QueueLong')).toEqual({ a: 'on-time', b: 'tolerated' })
    expect(score(buildRun(run(answered))).outcome).toBe('pass')
  })

  test('an alert that only the earlier one expects is credited to it, also after the later came', () => {
    const late = { ...A, onset: 30 }
    const spec = run([fires('QueueLong', DURING_BOTH, 165), fires('CacheFull', DURING_BOTH, 145)], [late, B])
    expect(classes(spec, 'QueueLong')).toEqual({ a: 'on-time', b: 'tolerated' })
    expect(reasonOf(spec, 'QueueLong', 'b')).toContain('"a", in force as well')
  })

  test('what neither expects is laid at neither alone', () => {
    const spec = run([...answered, fires('ReplicaDown', DURING_BOTH, 135)])
    expect(classes(spec, 'ReplicaDown')).toEqual({ a: 'false-fire', b: 'false-fire' })
    expect(reasonOf(spec, 'ReplicaDown', 'a')).toContain('of this fault nor of "b"')
    expect(reasonOf(spec, 'ReplicaDown', 'b')).toContain('of this fault nor of "a"')
  })

  test('after the later is over, an alert is about the earlier alone', () => {
    expect(classes(run([fires('ReplicaDown', 157, 162)]), 'ReplicaDown')).toEqual({ a: 'false-fire', b: 'quiet' })
  })

  test('what the other fault had raised by then says nothing of a fault that expects it too', () => {
    const both = [A, { ...B, alerts: [['queue']] }]
    expect(classes(run([fires('QueueLong', 106, 165)], both), 'QueueLong')).toEqual({ a: 'on-time', b: 'contaminated' })
  })

  test('what both expect and fires while both are in force is credited to both, and each line says so', () => {
    const both = [
      { ...A, onset: 30 },
      { ...B, alerts: [['queue']] },
    ]
    const spec = run([fires('QueueLong', DURING_BOTH, 165)], both)
    expect(classes(spec, 'QueueLong')).toEqual({ a: 'on-time', b: 'on-time' })
    expect(reasonOf(spec, 'QueueLong', 'a')).toContain('; also expected of "b": cannot be told apart')
    expect(reasonOf(spec, 'QueueLong', 'b')).toContain('; also expected of "a": cannot be told apart')
  })

  test('what only one expects, or what fired before the other came, is told apart', () => {
    const tolerating = [
      { ...A, onset: 30 },
      { ...B, tolerates: ['queue'] },
    ]
    expect(reasonOf(run([fires('QueueLong', DURING_BOTH, 165)], tolerating), 'QueueLong', 'a')).not.toContain('told')
    const both = [
      { ...A, onset: 30 },
      { ...B, alerts: [['queue']] },
    ]
    expect(reasonOf(run([fires('QueueLong', 106, 165)], both), 'QueueLong', 'a')).not.toContain('told')
    // Active after the later came, and too early for it.
    const early = run([{ alert: 'QueueLong', pending: 120.5, fired: 121, resolved: 165 }], both)
    expect(classes(early, 'QueueLong')).toEqual({ a: 'on-time', b: 'contaminated' })
    expect(reasonOf(early, 'QueueLong', 'a')).not.toContain('told')
  })

  test('the one that began under another’s force is no case of its own', () => {
    const cases = findCases(buildRun(run(answered))).filter(({ kind }) => kind === 'fault')
    expect(cases).toHaveLength(1)
    // And of the one before, only what is clear of it.
    expect(cases[0]?.incidentTo).toBe(at(118))
  })
})

describe('two faults one after the other', () => {
  const after: StepSpec = { ...B, injected: 170, effective: 171, healed: 190, recovered: 190 }

  test('share no alert: the later is blamed for what fires in its time', () => {
    const spec = run([fires('QueueLong', 106, 165), fires('QueueLong', 178, 195)], [A, after])
    expect(classes(spec, 'QueueLong')).toEqual({ a: 'on-time', b: 'false-fire' })
  })
})

test('a step whose condition did not come true has no fault: unknown, with the reason', () => {
  const built = buildRun(run([fires('QueueLong', 106, 165)], [A, { name: 'b', created: false, alerts: [['cache']] }]))
  const value = { at: 1, step: 'b', reason: 'its condition was not true' }
  const told = {
    ...built,
    journal: [{ seq: 0, mono: 0, wall: 1, actor: 'k6', phase: 'info' as const, what: 'step-not-started', value }],
  }
  expect(stepRecords(told).find(({ name }) => name === 'b')?.why).toContain('its condition was not true in time')
  const verdict = score(told)
  expect(verdict.lines.find(({ step, alert }) => step === 'b' && alert === 'CacheFull')?.class).toBe(
    'fault-ineffective',
  )
  expect(verdict.outcome).toBe('unknown')
})
