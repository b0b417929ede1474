import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ScriptStep } from './script-data.ts'
import {
  blockedBy,
  dueAt,
  faultName,
  givenUpAt,
  type GivenUp,
  type Holding,
  isDue,
  isTransient,
  isWatched,
  stillHolding,
  untilNext,
  whyGivenUp,
} from './timeline.ts'

const spec = { kind: 'pod-kill', params: {}, durationSeconds: 30, seed: 1, maxUnavailable: 1 }
const first: ScriptStep = { name: 'first', when: { kind: 'at', time: 90_000 }, overlaps: [], spec }
const second: ScriptStep = { name: 'second', when: { kind: 'after', step: 'first', gap: 30_000 }, overlaps: [], spec }

const none = { startedAt: 1_000, overAt: new Map<string, number>(), holding: new Map<string, Holding>() }

test('`at` counts from the start of the load, `after` from the end of the other fault', () => {
  expect(dueAt(first, none)).toBe(91_000)
  expect(dueAt(second, none)).toBeNull()
  expect(dueAt(second, { ...none, overAt: new Map([['first', 150_000]]) })).toBe(180_000)
})

const third: ScriptStep = {
  name: 'third',
  when: { kind: 'when', promql: 'up == 0', heldFor: 30_000, from: 20_000, by: 240_000 },
  overlaps: ['first'],
  spec,
}

const held: Holding = { since: 50_000, value: 1, asked: 50_000 }

test('`when` counts from the moment since which its condition is true, and is asked for after the baseline', () => {
  expect(isWatched(third, 1_000, 20_999)).toBe(false)
  expect(isWatched(third, 1_000, 21_000)).toBe(true)
  expect(isWatched(first, 1_000, 21_000)).toBe(false)
  expect(dueAt(third, none)).toBeNull()
  expect(dueAt(third, { ...none, holding: new Map([['third', held]]) })).toBe(80_000)
  expect(dueAt(third, { ...none, holding: new Map([['second', held]]) })).toBeNull()
})

test('a condition has a time by which it must have held, and why it did not is told', () => {
  expect(givenUpAt(third, 1_000)).toBe(241_000)
  expect(givenUpAt(first, 1_000)).toBeNull()
})

test.each<[GivenUp, string]>([
  [{ heard: undefined, isHolding: false, isDue: false, blocker: null }, 'nobody asked for its condition'],
  [{ heard: 'nothing', isHolding: false, isDue: false, blocker: null }, 'Prometheus never answered'],
  [{ heard: 'answers', isHolding: false, isDue: false, blocker: 'first' }, 'its condition was not true'],
  [{ heard: 'answers', isHolding: true, isDue: false, blocker: 'first' }, 'its condition had not held for long enough'],
  [{ heard: 'answers', isHolding: true, isDue: true, blocker: 'first' }, 'its condition held, and first was in force'],
  [
    { heard: 'answers', isHolding: true, isDue: true, blocker: null },
    'its condition held, and its Fault was not created',
  ],
])('why a step was not started: %j', (givenUp, why) => {
  expect(whyGivenUp(givenUp)).toBe(why)
})

test('time in which nobody looked is no time in which a condition held', () => {
  const seen = stillHolding(stillHolding(undefined, 50_000, 0.9), 51_000, 0.95)
  expect(seen).toEqual({ since: 50_000, value: 0.9, asked: 51_000 })
  expect(stillHolding(seen, 54_000, 1)).toEqual({ since: 50_000, value: 0.9, asked: 54_000 })
  expect(stillHolding(seen, 54_001, 1)).toEqual({ since: 54_001, value: 1, asked: 54_001 })
})

test('a step begins on a fresh look at its condition only', () => {
  const played = (asked: number) => ({ ...none, holding: new Map([['third', { ...held, asked }]]) })
  expect(isDue(third, played(79_000), 79_999)).toBe(false)
  expect(isDue(third, played(79_000), 80_000)).toBe(true)
  expect(isDue(third, played(79_000), 82_001)).toBe(false)
  expect(isDue(first, none, 1e9)).toBe(true)
  expect(isDue(second, none, 1e9)).toBe(false)
})

test('a step waits for every fault in force but those that it may overlap', () => {
  const active = (...names: string[]) => ({ active: new Set(names) })
  expect(blockedBy(second, active())).toBeNull()
  expect(blockedBy(second, active('first'))).toBe('first')
  expect(blockedBy(third, active('first'))).toBeNull()
  expect(blockedBy(third, active('first', 'second'))).toBe('second')
})

test('the wait ends with the next step, and no later than a tick', () => {
  expect(untilNext([1_200, null, 1_100], 1_000, 500)).toBe(100)
  expect(untilNext([9_000, null], 1_000, 500)).toBe(500)
  expect(untilNext([], 1_000, 500)).toBe(500)
})

test('a step that could not be created is no busy loop', () => {
  expect(untilNext([900, 1_000], 1_000, 500)).toBe(500)
})

test('a name is one that Kubernetes takes, and no two runs share it', () => {
  expect(faultName('quick', 'hog', 'quick-mi9xa2b4')).toBe('quick-hog-mi9xa2b4')
  const kebab = fc.stringMatching(/^[a-z][a-z0-9-]{0,80}$/)
  fc.assert(
    fc.property(kebab, kebab, fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }), (scenario, step, at) => {
      const name = faultName(scenario, step, `${scenario}-${at.toString(36)}`)
      expect(name).toMatch(/^[a-z]([a-z0-9-]*[a-z0-9])?$/)
      expect(name.length).toBeLessThanOrEqual(63)
      expect(name).not.toBe(faultName(scenario, step, `${scenario}-${(at + 1).toString(36)}`))
    }),
  )
})

test('only what may pass is asked again', () => {
  for (const message of [
    'Post "https://127.0.0.1:6443/apis": dial tcp 127.0.0.1:6443: connect: connection refused',
    'Get "https://127.0.0.1:6443/api": EOF',
    'context deadline exceeded (Client.Timeout exceeded while awaiting headers): request timed out',
    'the server is currently unable to handle the request',
  ])
    expect(isTransient(message), message).toBe(true)
  for (const message of [
    'faults.firedrill.dev "quick-hog" is forbidden: namespace kube-system takes no faults',
    'Fault.firedrill.dev "x" is invalid: spec.durationSeconds: Invalid value: -1',
    'no matches for kind "Fault" in group "firedrill.dev"',
    'namespaces "llm" not found',
  ])
    expect(isTransient(message), message).toBe(false)
})
