import { describe, expect, test } from 'vitest'
import { findCases } from '../dataset/find-cases.ts'
import { at, buildRun, rule, type RunSpec, type StepSpec } from '../testing/build-run.ts'
import { score } from './score.ts'

const DOWN = rule('ReplicaDown', 'availability')
const CALM: StepSpec = {
  name: 'calm',
  fault: 'none',
  control: true,
  injected: 100,
  effective: 101,
  healed: 130,
  recovered: 131,
  alerts: [],
}
const FIRES = { alert: 'ReplicaDown', pending: 102, fired: 106, resolved: 120 }

const judge = (step: StepSpec, episodes: RunSpec['episodes'] = []) => {
  const { outcome, lines, answers, reasons } = score(buildRun({ steps: [step], rules: [DOWN], episodes }))
  return { outcome, line: lines[0], answer: answers.find((one) => one.step === 'calm'), reasons }
}

test('silence during a control is a pass, and the answer to a question of its own', () => {
  expect(judge(CALM)).toMatchObject({
    outcome: 'pass',
    line: { class: 'quiet' },
    answer: { outcome: 'pass', question: 'Did every alert stay quiet during "calm" (none)?' },
  })
})

test('what fires during a control is a false alarm', () => {
  const { outcome, line, answer, reasons } = judge(CALM, [FIRES])
  expect(outcome).toBe('fail')
  expect(line).toMatchObject({ class: 'false-fire' })
  expect(answer).toMatchObject({ outcome: 'fail', reason: 'ReplicaDown false-fire (calm)' })
  expect(reasons).toEqual(['Did every alert stay quiet during "calm" (none)? ReplicaDown false-fire (calm)'])
})

test('what the scenario tolerates may fire', () => {
  expect(judge({ ...CALM, tolerates: ['availability'] }, [FIRES])).toMatchObject({
    outcome: 'pass',
    line: { class: 'tolerated' },
    answer: { outcome: 'pass' },
  })
})

describe('silence proves nothing', () => {
  test.each([
    { what: 'where it was no control', step: { bit: false }, reason: /nothing changed/ },
    { what: 'where nobody looked', step: { bit: null }, reason: /nobody verified/ },
    { what: 'where it was never played', step: { created: false }, reason: /never created/ },
  ])('$what', ({ step, reason }) => {
    expect(judge({ ...CALM, ...step })).toMatchObject({
      outcome: 'unknown',
      line: { class: 'fault-ineffective', reason: expect.stringMatching(reason) },
      answer: { outcome: 'unknown' },
    })
  })

  test('and a false alarm stays one', () => {
    expect(judge({ ...CALM, bit: false }, [FIRES])).toMatchObject({ outcome: 'fail', line: { class: 'false-fire' } })
  })
})

test('the control is a case without an incident, unless another fault is in force', () => {
  const kinds = (steps: StepSpec[]) =>
    findCases(buildRun({ steps, rules: [DOWN] }))
      .filter(({ incidentFrom }) => incidentFrom === at(100))
      .map(({ kind, fault, component, bit }) => ({ kind, fault, component, bit }))
  const nothing = { kind: 'none', fault: null, component: null, bit: false }
  expect(kinds([CALM])).toEqual([nothing])
  const kill: StepSpec = { name: 'kill', injected: 60, effective: 61, healed: 80, recovered: 82 }
  expect(kinds([kill, CALM])).toEqual([nothing])
  expect(kinds([{ ...kill, healed: 110, recovered: 112 }, CALM])).toEqual([])
  expect(kinds([{ ...CALM, bit: false }])).toEqual([])
})
