import { expect, test } from 'vitest'
import type { ServingState } from '../serving.ts'
import { recovery } from './recover.ts'

const pods = ['a', 'b', 'c'].map((name) => ({ name, uid: name, node: 'n', ready: true, image: 'i' }))
const healthy: ServingState = { pods, ready: 3, replicas: 3 }

test.each([
  ['all are ready', healthy, true],
  ['all are ready, and no rollout is under way', { ...healthy, settled: true }, true],
  ['all are ready, of a template that is about to be replaced', { ...healthy, settled: false }, false],
  ['one is not ready', { ...healthy, ready: 2 }, false],
  ['none is left to say how many there are to be', { pods: [], ready: 0, replicas: 0 }, false],
])('%s', (_, state, over) => {
  expect(recovery(state, { replicas: 3, settled: true })).toEqual({ ready: state.ready, wanted: 3, over })
})

test('a rollout that stood half-way before the fault is not waited for', () => {
  const state = { ...healthy, settled: false }
  expect(recovery(state, { replicas: 3, settled: false })).toMatchObject({ over: true })
  expect(recovery(state, { replicas: 3 })).toMatchObject({ over: false })
  expect(recovery({ ...state, ready: 2 }, { replicas: 3, settled: false })).toMatchObject({ over: false })
})
