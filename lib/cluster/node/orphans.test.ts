import { expect, test } from 'vitest'
import type { V1Pod } from '../../kube/pod-types.ts'
import { orphanEvents } from './orphans.ts'

const pod = (uid: string, running: boolean): V1Pod => ({
  metadata: { uid },
  status: {
    phase: running ? 'Running' : 'Pending',
    containerStatuses: [
      {
        name: 'main',
        image: 'main',
        imageID: '',
        ready: running,
        restartCount: 0,
        state: running ? { running: {} } : { waiting: {} },
      },
    ],
  },
})

test('a pod that ran before this agent saw it is told of, once', () => {
  const told = orphanEvents()
  expect(told(pod('a', true))).toMatchObject({ type: 'Warning', reason: 'NodeAgentRestarted' })
  expect(told(pod('a', true))).toBeNull()
})

test('a pod that this agent has started itself is not', () => {
  const told = orphanEvents()
  expect(told({ metadata: { uid: 'b' } })).toBeNull()
  expect(told(pod('b', true))).toBeNull()
})
