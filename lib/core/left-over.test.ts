import { expect, test } from 'vitest'
import type { FaultStatus } from './fault-resource.ts'
import { leftOver } from './left-over.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const spec = { kind: 'x', params: {}, target: { selector: 'a=b' }, durationSeconds: 30, seed: 1, maxUnavailable: 1 }
const itself = { ends: { by: 'itself', how: 'a deadline' } } as const
const controller = { ends: { by: 'controller', how: 'the policy is deleted' } } as const
const left = (status: FaultStatus, fault: typeof itself | typeof controller) => leftOver({ spec, status }, fault, NOW)
const active: FaultStatus = { phase: 'Active', injected: '2026-11-22T11:59:50Z' }

test('what ends by itself says when, at the latest', () => {
  expect(left(active, itself)).toBe('by itself by 2026-11-22T12:00:25.000Z (in 25 s): a deadline')
  expect(left({ ...active, injected: '2026-11-22T11:59:00Z' }, itself)).toContain('(25 s ago)')
})

test('what does not needs a controller, and says for what', () => {
  expect(left(active, controller)).toBe('needs a controller: the policy is deleted')
})

test('what was not begun or is healed has nothing to end', () => {
  expect(left({ phase: 'Planned' }, controller)).toContain('nothing was touched yet')
  expect(left({ ...active, phase: 'Healed' }, controller)).toContain('only its record')
})
