import { expect, test } from 'vitest'
import type { Verdict } from '../core/verdict.ts'
import { playIncident } from '../simulate/incident.ts'
import { shippedIncident } from '../simulate/testing/play.ts'
import { judgeIncident } from './simulate-verdict.ts'

/** The rules that ship, evaluated by Prometheus' own engine. */
const play = async (nearParams: Record<string, unknown>): Promise<Verdict> => {
  const input = await shippedIncident('controls.ts', 1)
  await using prometheus = input.prometheus
  const { calm, near } = input.scenario.timeline
  if (calm === undefined || near === undefined) throw new Error('expected the steps calm and near')
  const scenario = { ...input.scenario, timeline: { calm, near: { ...near, params: nearParams } } }
  return await judgeIncident(scenario, await playIncident({ ...input, scenario, prometheus }))
}

test('no rule that ships fires in a window with nothing, nor at a near miss', async () => {
  const { outcome, reasons, lines, answers } = await play({})
  expect(reasons).toEqual([])
  expect(outcome).toBe('pass')
  expect(new Set(lines.map((line) => line.class))).toEqual(new Set(['quiet']))
  expect(answers.filter(({ step }) => step !== null)).toMatchObject([
    { step: 'calm', outcome: 'pass' },
    { step: 'near', outcome: 'pass' },
  ])
}, 60_000)

test('the near miss is near: three percent less, and an alert fires', async () => {
  const { outcome, answers } = await play({ leavePercent: 3 })
  expect(outcome).toBe('fail')
  expect(answers.find(({ step }) => step === 'near')).toMatchObject({
    outcome: 'fail',
    reason: 'GPUMemoryPressure false-fire (near)',
  })
}, 60_000)
