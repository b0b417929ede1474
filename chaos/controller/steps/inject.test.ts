import { expect, test } from 'vitest'
import { type Clock, systemClock } from '../../../lib/core/clock.ts'
import type { ActContext } from '../../../lib/core/fault.ts'
import { FAULT_API_VERSION, type FaultResource, type FaultStatus } from '../../../lib/core/fault-resource.ts'
import { until } from '../../../lib/core/until.ts'
import podKill from '../../faults/pod-kill.ts'
import type { StepContext } from './context.ts'
import { inject } from './inject.ts'

const never = <T>(): Promise<T> => new Promise(() => undefined)
/** A second lasts ten milliseconds. */
const fast: Clock = {
  now: () => 100 * performance.now(),
  sleep: (ms, signal) => systemClock.sleep(ms / 100, signal),
}

/** What is written of a fault of ten seconds that is injected like this. */
const written = async (act: (context: Pick<ActContext<unknown>, 'signal' | 'clock'>) => Promise<void>) => {
  const fault: FaultResource = {
    apiVersion: FAULT_API_VERSION,
    kind: 'Fault',
    metadata: { name: 'f', namespace: 'n', uid: 'u' },
    spec: {
      kind: 'pod-kill',
      params: {},
      target: { selector: 'app=vllm' },
      durationSeconds: 10,
      seed: 0,
      maxUnavailable: 1,
    },
  }
  const statuses: Partial<FaultStatus>[] = []
  const context: StepContext = {
    faults: { 'pod-kill': { ...podKill, inject: act } },
    observe: { query: async () => [] },
    clock: fast,
    record: {
      hold: never,
      release: never,
      write: async (_, change) => {
        statuses.push(change({ phase: 'Planned' }))
        return fault
      },
    },
    target: {
      serving: async () => ({ pods: [], ready: 3, replicas: 3 }),
      requireAllowed: async () => undefined,
      requirePermitted: never,
      snapshot: never,
      rehearse: never,
      kube: () => ({}) as never,
      isTransient: () => false,
    },
    onEvent: () => undefined,
    signal: new AbortController().signal,
  }
  await inject(context, fault, new AbortController().signal)
  return statuses
}

test('an injection that waits beyond the end of its fault is undone', async () => {
  const statuses = await written(async ({ clock, signal }) => {
    await clock.sleep(600_000, signal)
    signal.throwIfAborted()
  })
  expect(statuses).toMatchObject([
    { phase: 'Injecting' },
    { phase: 'Healing', error: 'its time was over before it was injected' },
  ])
})

test('and says what it waited for, or what went wrong', async () => {
  const what = 'a pod of Job f-1 to be ready'
  const waiting = await written(({ clock, signal }) =>
    until(async () => false, { what, timeoutMs: 60_000, clock, signal }),
  )
  const error = expect.stringMatching(
    /^its time was over before it was injected: waited 1\d s for a pod of Job f-1 to be ready$/,
  )
  expect(waiting.at(-1)).toMatchObject({ phase: 'Healing', error })
  const broken = await written(async ({ clock, signal }) => {
    await clock.sleep(600_000, signal)
    throw new Error('nvidia-smi: no such GPU')
  })
  expect(broken.at(-1)).toMatchObject({
    error: 'its time was over before it was injected: nvidia-smi: no such GPU',
  })
})

test('one that is a little late is in force, and is healed by its record', async () => {
  const statuses = await written(async ({ clock, signal }) => {
    await clock.sleep(11_000, signal)
    signal.throwIfAborted()
  })
  expect(statuses).toMatchObject([{ phase: 'Injecting' }, { phase: 'Active' }])
})
