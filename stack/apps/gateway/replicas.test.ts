import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { replicaPool } from './replicas.ts'

const pod = (index: number) => ({ uid: `u${index}`, name: `vllm-${index}`, host: `127.1.0.${index}` })

test('always one of those with the fewest in flight, so that loads never differ by more than one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 200 }), fc.nat(), (count, requests, seed) => {
      let state = seed
      const pool = replicaPool(() => (state = (state * 16_807 + 7) % 2_147_483_647) / 2_147_483_647)
      for (let index = 0; index < count; index += 1) pool.add(pod(index))
      for (let index = 0; index < requests; index += 1) (pool.pick() ?? expect.fail()).inFlight += 1
      const loads = pool.ready().map(({ inFlight }) => inFlight)
      expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1)
    }),
  )
})

test('ties are spread', () => {
  const pool = replicaPool()
  for (const index of [0, 1, 2]) pool.add(pod(index))
  const names = new Set(Array.from({ length: 100 }, () => pool.pick()?.name))
  expect(names.size).toBe(3)
})

test('a suspect is left alone for a while, unless there is no other', () => {
  let now = 0
  const pool = replicaPool(Math.random, () => now)
  pool.add(pod(0))
  const only = pool.pick() ?? expect.fail()
  pool.suspect(only)
  expect(pool.pick()).toBe(only)
  expect(pool.pick(only)).toBe(only)
  pool.add(pod(1))
  expect(pool.pick()?.name).toBe('vllm-1')
  now = 1_000
  const other = pool.pick(only) ?? expect.fail()
  other.inFlight += 1
  expect(pool.pick()).toBe(only)
})

test('a replica that is not ready for a moment keeps its count; a pod that takes an old name starts at none', () => {
  const pool = replicaPool()
  pool.add(pod(0))
  const replica = pool.pick() ?? expect.fail()
  replica.inFlight = 5
  pool.remove('u0')
  expect(pool.pick()).toBeNull()
  pool.add(pod(0))
  expect(pool.pick()?.inFlight).toBe(5)
  pool.remove('u0')
  pool.forget('u0')
  pool.add({ ...pod(0), uid: 'u9' })
  expect(pool.pick()?.inFlight).toBe(0)
})
