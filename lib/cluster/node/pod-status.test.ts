import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { V1Pod } from '../../kube/pod-types.ts'
import { type Condition, podPhase, podStatus } from './pod-status.ts'
import { type ContainerRecord, type ContainerState, type Ended, initialRecords, waiting } from './records.ts'

type Policy = 'Always' | 'OnFailure' | 'Never'

const podOf = (restartPolicy: Policy): V1Pod => ({
  metadata: { uid: 'u' },
  spec: { restartPolicy, containers: [{ name: 'main' }] },
})
const run = (exitCode: number, attempt = 0): Ended => ({
  attempt,
  exitCode,
  reason: exitCode === 0 ? 'Completed' : 'Error',
  message: '',
  startedAt: 1_000,
  finishedAt: 2_000,
})
const record = (state: ContainerState, more: Partial<ContainerRecord> = {}): ContainerRecord => ({
  name: 'main',
  image: 'x',
  role: 'main',
  state,
  last: null,
  restartCount: 0,
  started: state.kind === 'running',
  ready: state.kind === 'running',
  ...more,
})
const running = record({ kind: 'running', startedAt: 1_000 })
const ended = (exitCode: number) => record({ kind: 'terminated', ended: run(exitCode) })
const crashing = record(waiting('CrashLoopBackOff'), { last: run(1), restartCount: 1 })
const creating = record(waiting('ContainerCreating'))

describe('the phase', () => {
  test.each<[string, Policy, ContainerRecord[], string]>([
    ['nothing has started', 'Always', [creating], 'Pending'],
    ['one of two has started', 'Always', [running, creating], 'Pending'],
    ['running', 'Always', [running], 'Running'],
    ['in back-off', 'Always', [crashing], 'Running'],
    ['between two runs', 'Always', [ended(1)], 'Running'],
    ['done, but to be run again', 'Always', [ended(0)], 'Running'],
    ['done', 'OnFailure', [ended(0)], 'Succeeded'],
    ['failed, but to be run again', 'OnFailure', [ended(1)], 'Running'],
    ['failed', 'Never', [ended(1)], 'Failed'],
    ['one done, one running', 'Never', [ended(0), running], 'Running'],
    ['one done, one failed', 'Never', [ended(0), ended(1)], 'Failed'],
    ['an init container runs', 'Always', [{ ...running, role: 'init' }, creating], 'Pending'],
    ['an init container failed for good', 'Never', [{ ...ended(1), role: 'init' }, creating], 'Failed'],
    ['an init container will be tried again', 'Always', [{ ...ended(1), role: 'init' }, creating], 'Pending'],
    ['initialized', 'Always', [{ ...ended(0), role: 'init' }, running], 'Running'],
    ['a sidecar has not started', 'Always', [{ ...running, role: 'sidecar', started: false }, creating], 'Pending'],
    ['a sidecar runs beside what is done', 'Never', [{ ...running, role: 'sidecar' }, ended(0)], 'Succeeded'],
  ])('%s (%s)', (_, policy, records, expected) => {
    expect(podPhase(podOf(policy), records, false, false)).toBe(expected)
  })

  test('a pod that is over has ended, whatever its containers were doing', () => {
    const anyRecord = fc.constantFrom(running, crashing, creating, ended(0), ended(1))
    const policy = fc.constantFrom<Policy>('Always', 'OnFailure', 'Never')
    fc.assert(
      fc.property(fc.array(anyRecord, { minLength: 1 }), policy, fc.boolean(), (records, restart, failed) => {
        const phase = podPhase(podOf(restart), records, true, failed)
        const allDone = records.every(({ state }) => state.kind === 'terminated' && state.ended.exitCode === 0)
        expect(phase).toBe(allDone && !failed ? 'Succeeded' : 'Failed')
      }),
    )
  })
})

const statusOf = (records: ContainerRecord[], more: { now?: number; before?: Condition[]; policy?: Policy } = {}) =>
  podStatus({
    pod: podOf(more.policy ?? 'Always'),
    records,
    hostIP: '127.1.255.1',
    podIP: '127.1.0.2',
    startedAt: 0,
    now: more.now ?? 5_000,
    over: false,
    failure: null,
    before: more.before ?? [],
  })
const conditionsOf = (records: ContainerRecord[]) =>
  Object.fromEntries(statusOf(records).conditions.map(({ type, status }) => [type, status]))

describe('conditions', () => {
  test('ready only when all containers are', () => {
    expect(conditionsOf([running])).toMatchObject({ Initialized: 'True', ContainersReady: 'True', Ready: 'True' })
    expect(conditionsOf([running, { ...running, ready: false }])).toMatchObject({ Ready: 'False' })
    expect(conditionsOf([{ ...running, role: 'sidecar', ready: false }, running])).toMatchObject({ Ready: 'False' })
    expect(conditionsOf([{ ...running, role: 'init' }, creating])).toMatchObject({ Initialized: 'False' })
  })

  test('what is not ready is named, and the name cleared when it is', () => {
    const [, , before] = statusOf([{ ...running, ready: false }]).conditions
    expect(before).toMatchObject({ reason: 'ContainersNotReady', message: 'containers with unready status: [main]' })
    const [, , after] = statusOf([running]).conditions
    expect(after).toMatchObject({ status: 'True', reason: null, message: null })
  })

  test('the transition time moves only with the status', () => {
    const first = statusOf([{ ...running, ready: false }], { now: 1_000 }).conditions
    const second = statusOf([{ ...running, ready: false }], { now: 2_000, before: first }).conditions
    expect(second).toEqual(first)
    const third = statusOf([running], { now: 3_000, before: second }).conditions
    const times = Object.fromEntries(
      third.map(({ type, lastTransitionTime }) => [type, Date.parse(lastTransitionTime)]),
    )
    expect(times).toMatchObject({ Initialized: 1_000, ContainersReady: 3_000, Ready: 3_000 })
  })

  test('a pod that succeeded says so', () => {
    const { phase, conditions } = statusOf([ended(0)], { policy: 'Never' })
    expect(phase).toBe('Succeeded')
    expect(conditions.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'False', reason: 'PodCompleted' })
  })
})

test('a container in back-off shows its last run', () => {
  expect(statusOf([crashing]).containerStatuses).toEqual([
    expect.objectContaining({
      ready: false,
      restartCount: 1,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: expect.objectContaining({ exitCode: 1, reason: 'Error' }) },
      containerID: 'process://u/main/0',
    }),
  ])
})

describe('after the agent was started anew', () => {
  const seen = (policy: Policy, status: object): ContainerRecord | undefined =>
    initialRecords(
      { ...podOf(policy), status: { containerStatuses: [{ name: 'main', ...status }] } } as V1Pod,
      9_000,
    )[0]
  const started = {
    containerID: 'process://u/main/2',
    restartCount: 2,
    state: { running: { startedAt: '1970-01-01T00:00:01Z' } },
  }

  test('what ran is run again, one restart later', () => {
    expect(seen('Always', started)).toMatchObject({
      restartCount: 3,
      state: { kind: 'waiting' },
      last: { attempt: 2, exitCode: 137, reason: 'ContainerStatusUnknown', startedAt: 1_000, finishedAt: 9_000 },
    })
  })

  test('what may not run again has failed', () => {
    expect(seen('Never', started)).toMatchObject({
      state: { kind: 'terminated', ended: { exitCode: 137, reason: 'ContainerStatusUnknown' } },
    })
  })

  test('what was done stays done', () => {
    const terminated = {
      exitCode: 0,
      reason: 'Completed',
      startedAt: '1970-01-01T00:00:01Z',
      finishedAt: '1970-01-01T00:00:02Z',
    }
    expect(seen('OnFailure', { ...started, state: { terminated } })).toMatchObject({
      state: { kind: 'terminated', ended: { exitCode: 0, finishedAt: 2_000 } },
    })
  })

  test('what never ran is as new', () => {
    expect(seen('Never', { restartCount: 0, state: { waiting: {} } })).toMatchObject({
      restartCount: 0,
      last: null,
      state: { kind: 'waiting' },
    })
  })
})
