import { expect, test } from 'vitest'
import { daemonSetReady, deploymentReady, podReady, podTrouble } from './ready.ts'

const all = { replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3, observedGeneration: 2 }
const deployment = (status: object) => ({ metadata: { generation: 2 }, spec: { replicas: 3 }, status }) as never

test('a Deployment is ready when the newest version is there in full and nothing older is left', () => {
  expect(deploymentReady(deployment(all))).toBe(true)
  expect(deploymentReady(deployment({ ...all, observedGeneration: 1 }))).toBe(false)
  expect(deploymentReady(deployment({ ...all, replicas: 4 }))).toBe(false)
  expect(deploymentReady(deployment({ ...all, readyReplicas: 2 }))).toBe(false)
  expect(deploymentReady(deployment({}))).toBe(false)
})

test('a DaemonSet without a node to run on is not ready', () => {
  const daemonSet = (wanted: number, ready: number) =>
    ({
      metadata: { generation: 1 },
      status: {
        observedGeneration: 1,
        desiredNumberScheduled: wanted,
        updatedNumberScheduled: wanted,
        numberReady: ready,
      },
    }) as never
  expect([daemonSetReady(daemonSet(3, 3)), daemonSetReady(daemonSet(3, 2)), daemonSetReady(daemonSet(0, 0))]).toEqual([
    true,
    false,
    false,
  ])
})

test('the trouble of a pod in one line', () => {
  const pod = (status: object) => ({ status }) as never
  const unscheduled = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message: '0/4 nodes have a GPU',
  }
  expect(podTrouble(pod({ conditions: [unscheduled] }))).toBe('Unschedulable: 0/4 nodes have a GPU')
  const crashing = {
    name: 'vllm',
    ready: false,
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: { exitCode: 1, reason: 'Error' } },
  }
  expect(podTrouble(pod({ containerStatuses: [crashing] }))).toBe('vllm CrashLoopBackOff (exit code 1, Error)')
  const starting = { name: 'vllm', ready: false, state: { running: {} } }
  expect(podTrouble(pod({ containerStatuses: [starting] }))).toBe('vllm runs, but is not ready')
  expect(podTrouble(pod({ phase: 'Pending' }))).toBe('Pending')
  expect(podReady(pod({ conditions: [{ type: 'Ready', status: 'True' }] }))).toBe(true)
})
