import { expect, test } from 'vitest'
import { FAULT_API_VERSION, FaultResource, type FaultStatus, STEP_LABEL } from './fault-resource.ts'
import { faultDuring, faultWindows } from './fault-window.ts'

const iso = (seconds: number): string => new Date(seconds * 1_000).toISOString()

const fault = (name: string, status: Partial<FaultStatus> = {}): FaultResource =>
  FaultResource.parse({
    apiVersion: FAULT_API_VERSION,
    kind: 'Fault',
    metadata: { name: `run-${name}`, namespace: 'llm', labels: { [STEP_LABEL]: name } },
    spec: { kind: 'pod-kill', target: { selector: 'app=vllm' }, durationSeconds: 10 },
    status,
  })

const windows = faultWindows([
  fault('late', { injected: iso(50) }),
  fault('never'),
  fault('early', { injected: iso(10), healed: iso(20), recovered: iso(25) }),
  fault('half', { injected: iso(30), healed: iso(40) }),
])

test('a window reaches from the injection to the recovery, and for ever where there was none', () => {
  expect(windows).toEqual([
    { step: 'early', from: 10_000, to: 25_000 },
    { step: 'half', from: 30_000, to: 40_000 },
    { step: 'late', from: 50_000, to: Infinity },
  ])
})

test.each([
  [0, 10_000, null],
  [0, 10_001, 'early'],
  [24_999, 35_000, 'early'],
  [25_000, 30_000, null],
  [26_000, 99_000, 'half'],
  [60_000, 60_001, 'late'],
])('from %i to %i it met %s', (from, to, step) => {
  expect(faultDuring(windows, from, to)).toBe(step)
})
