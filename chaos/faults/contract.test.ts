import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TargetSnapshot } from '../../lib/core/fault.ts'
import { seededRandom } from '../../lib/core/random.ts'
import { EXAMPLES, SNAPSHOT } from './testing/examples.ts'
import { faults } from './registry.gen.ts'

const planOf = (name: string, params: unknown, seed: number, target: TargetSnapshot = SNAPSHOT) => {
  const fault = faults[name]
  if (fault === undefined) throw new Error(`no fault ${name}`)
  const random = seededRandom(seed)
  return fault.plan({ params: fault.params.parse(params), target, random, id: 'f-1', now: 1_000, durationMs: 30_000 })
}

test('every fault has examples here', () => {
  expect(Object.keys(EXAMPLES).sort()).toEqual(Object.keys(faults).sort())
})

describe.for(Object.entries(faults))('%s', ([name, fault]) => {
  const examples = EXAMPLES[name] ?? []

  test('says what it is, moves and needs', () => {
    expect(fault.name).toBe(name)
    expect(fault.summary).toMatch(/^[A-Z].*[^.]$/)
    if (fault.group !== 'control') expect(fault.moves.length + fault.signals.moves.length).toBeGreaterThan(0)
    const moved = new Set<string>(fault.signals.moves.map(({ signal }) => signal))
    expect(fault.signals.still.filter((signal) => moved.has(signal))).toEqual([])
    expect(fault.ends.how).toMatch(/^[a-z].*[^.]$/)
    expect(fault.needs.every((need) => /^[a-z]+(\/[a-z]+)?(\.[a-z0-9.-]+)?:[a-z]+$/.test(need))).toBe(true)
  })

  test('the means that it can take are in its needs, and each is one of several', () => {
    const several = fault.requires.flatMap((wanted) => (typeof wanted === 'string' ? [] : wanted))
    for (const [capability, needs] of Object.entries(fault.means ?? {})) {
      expect(several).toContain(capability)
      expect(fault.needs).toEqual(expect.arrayContaining([...needs]))
    }
  })

  test.for(examples)('params are strict: %j', (params) => {
    expect(fault.params.safeParse(params).success).toBe(true)
    expect(fault.params.safeParse({ ...params, surprise: 1 }).success).toBe(false)
  })

  test.for(examples)('its plan is the same for the same seed, touches nothing, and survives JSON: %j', (params) => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const before = structuredClone(SNAPSHOT)
        const planned = planOf(name, params, seed)
        expect(planned.ok).toBe(true)
        expect(planOf(name, params, seed)).toEqual(planned)
        expect(SNAPSHOT).toEqual(before)
        if (planned.ok) expect(JSON.parse(JSON.stringify(planned.plan))).toEqual(planned.plan)
      }),
      { numRuns: 30 },
    )
  })

  test.for(examples)('a target where nothing is ready is refused, not broken: %j', (params) => {
    const nothing = { ...SNAPSHOT, pods: SNAPSHOT.pods.map((pod) => ({ ...pod, ready: false })), can: {} }
    expect(planOf(name, params, 1, nothing)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/expected .*found/),
    })
  })
})

test('every ready pod is a victim for some seed, and no other', () => {
  const victims = Array.from({ length: 200 }, (_, seed) => {
    const planned = planOf('pod-kill', {}, seed)
    return planned.ok ? JSON.stringify(planned.plan) : ''
  })
  const drawn = SNAPSHOT.pods.filter(({ uid }) => victims.some((plan) => plan.includes(uid)))
  expect(drawn).toEqual(SNAPSHOT.pods.filter(({ ready }) => ready))
})

test('a false reading of a GPU claims no reading of a GPU to be still, whichever it is', () => {
  expect(faults['telemetry-only']?.signals.still.filter((signal) => signal.startsWith('gpu-'))).toEqual([])
})
