import { expect, test } from 'vitest'
import { type Clock, systemClock } from '../../../lib/core/clock.ts'
import type { ActContext } from '../../../lib/core/fault.ts'
import { until } from '../../../lib/core/until.ts'
import podKill from '../../faults/pod-kill.ts'
import { podKillFault, stepContext } from '../testing/step.ts'
import { inject } from './inject.ts'

/** A second lasts ten milliseconds. */
const fast: Clock = {
  now: () => 100 * performance.now(),
  sleep: (ms, signal) => systemClock.sleep(ms / 100, signal),
}

/** What is written of a fault of ten seconds that is injected like this. */
const written = async (act: (context: Pick<ActContext<unknown>, 'signal' | 'clock'>) => Promise<void>) => {
  const fault = podKillFault(10, { phase: 'Planned' })
  const { context, written: statuses } = stepContext(fault, {
    faults: { 'pod-kill': { ...podKill, inject: act } },
    target: { serving: async () => ({ pods: [], ready: 3, replicas: 3 }), requireAllowed: async () => undefined },
    clock: fast,
  })
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
