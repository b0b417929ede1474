import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  END_ANNOTATION,
  FAULT_FINALIZER,
  FAULT_PHASES,
  type FaultPhase,
  type FaultResource,
  isHealed,
  isOpen,
  isOver,
} from '../../lib/core/fault-resource.ts'
import { decide } from './decide.ts'

const BEGAN = Date.parse('2026-01-01T00:00:00Z')
const DURATION_MS = 30_000

interface Shape {
  phase: FaultPhase
  deleted?: boolean
  asked?: boolean
  /** Whether the finalizer has been taken off already. */
  released?: boolean
}

const fault = ({ phase, deleted = false, asked = false, released = false }: Shape): FaultResource => ({
  apiVersion: 'firedrill.dev/v1alpha1',
  kind: 'Fault',
  metadata: {
    name: 'f',
    namespace: 'llm',
    finalizers: phase === 'Pending' || released ? [] : [FAULT_FINALIZER],
    ...(deleted ? { deletionTimestamp: new Date(BEGAN).toISOString() } : {}),
    ...(asked ? { annotations: { [END_ANNOTATION]: 'now' } } : {}),
  },
  spec: {
    kind: 'k',
    params: {},
    target: { selector: 'a=b' },
    durationSeconds: DURATION_MS / 1_000,
    seed: 0,
    maxUnavailable: 1,
  },
  status: { phase, planned: new Date(BEGAN).toISOString(), injected: new Date(BEGAN).toISOString() },
})

const act = (shape: Shape, after = 1_000, healOnly = false) =>
  decide(fault(shape), { now: BEGAN + after, healOnly }).act

describe('a Fault left alone', () => {
  test.for([
    ['Pending', 'plan'],
    ['Planned', 'inject'],
    ['Injecting', 'undo'],
    ['Active', 'verify'],
    ['Healing', 'heal'],
    ['Healed', 'release'],
    ['Recovered', 'release'],
    ['Failed', 'release'],
  ] as const)('%s: %s', ([phase, expected]) => {
    expect(act({ phase })).toBe(expected)
  })

  test('ends when its time is over, and is not begun any more then', () => {
    expect(act({ phase: 'Active' }, DURATION_MS - 1)).toBe('verify')
    expect(act({ phase: 'Active' }, DURATION_MS)).toBe('heal')
    expect(act({ phase: 'Planned' }, DURATION_MS)).toBe('undo')
  })
})

const shapes = fc.record({
  phase: fc.constantFrom(...FAULT_PHASES),
  deleted: fc.boolean(),
  asked: fc.boolean(),
})

test('whatever is to end is never begun, and what was begun is healed before it may go', () => {
  fc.assert(
    fc.property(shapes, fc.integer({ min: 0, max: 2 * DURATION_MS }), fc.boolean(), (shape, after, healOnly) => {
      const does = act(shape, after, healOnly)
      if (shape.deleted || shape.asked || healOnly) expect(['plan', 'inject', 'verify']).not.toContain(does)
      if (does === 'release')
        expect(isOver(shape.phase) || shape.phase === 'Healed' || shape.phase === 'Pending').toBe(true)
      if (does === 'rest') expect(isOver(shape.phase) || shape.deleted).toBe(true)
    }),
  )
})

test('once it is healed, nothing holds it: it can be deleted with no controller running', () => {
  for (const phase of FAULT_PHASES.filter(isHealed)) expect(act({ phase })).toBe('release')
  for (const phase of FAULT_PHASES.filter(isOver)) expect(act({ phase, released: true })).toBe('rest')
})

test('a healed Fault that nothing holds still waits for its pods, until it is deleted', () => {
  expect(act({ phase: 'Healed', released: true })).toBe('recover')
  expect(act({ phase: 'Healed', released: true, deleted: true })).toBe('rest')
})

test('open is what is in force, and what could not be deleted', () => {
  for (const phase of FAULT_PHASES) {
    expect(isOpen(fault({ phase, released: true })), phase).toBe(!isHealed(phase))
    expect(isOpen(fault({ phase })), phase).toBe(true)
  }
})

test('a deleted Fault always comes to its release', () => {
  expect(FAULT_PHASES.map((phase) => act({ phase, deleted: true }))).toEqual([
    'rest',
    'undo',
    'undo',
    'heal',
    'heal',
    'release',
    'release',
    'release',
  ])
})
