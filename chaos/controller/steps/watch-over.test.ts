import { expect, test } from 'vitest'
import podKill from '../../faults/pod-kill.ts'
import type { ServingState } from '../serving.ts'
import { never, podKillFault, stepContext } from '../testing/step.ts'
import { watchOver } from './watch-over.ts'

const healthy: ServingState = { pods: [], ready: 0, replicas: 0 }

/** A fault in force that goes on for so long, and whose verify or whose pods give no answer. */
const silent = (leftMs: number, serving: () => Promise<ServingState> = async () => healthy) => {
  const injected = new Date(Date.now() - 60_000 + leftMs).toISOString()
  const fault = podKillFault(60, { phase: 'Active', injected })
  const seen: { signal?: AbortSignal } = {}
  const verify = ({ signal }: { signal: AbortSignal }): Promise<never> => {
    seen.signal = signal
    return never()
  }
  const { context, written } = stepContext(fault, {
    faults: { 'pod-kill': { ...podKill, verify } },
    target: { serving },
  })
  return { context, fault, written, seen }
}

const took = async (work: Promise<unknown>): Promise<number> => {
  const started = performance.now()
  await work
  return performance.now() - started
}

test('a look that began just before the end of a fault does not last longer than the fault', async () => {
  const { context, fault, written, seen } = silent(300)
  expect(await took(watchOver(context, fault, new AbortController().signal))).toBeLessThan(2_000)
  expect(seen.signal?.aborted).toBe(true)
  // Nobody knows that it did not bite.
  expect(written).toEqual([])
})

test('nor do pods that nobody can count hold up the end', async () => {
  const { context, fault } = silent(300, never)
  expect(await took(watchOver(context, fault, new AbortController().signal))).toBeLessThan(2_000)
})

test('the wish to end it ends the look', async () => {
  const { context, fault, written } = silent(60_000, never)
  const interrupt = new AbortController()
  setTimeout(() => interrupt.abort(), 100)
  expect(await took(watchOver(context, fault, interrupt.signal))).toBeLessThan(2_000)
  expect(written).toEqual([])
})

test('no answer within five seconds is one, while the fault goes on', async () => {
  const { context, fault, written } = silent(60_000)
  expect(await took(watchOver(context, fault, new AbortController().signal))).toBeGreaterThan(4_900)
  expect(written).toEqual([
    expect.objectContaining({ evidence: expect.objectContaining({ reason: expect.stringContaining('within 5 s') }) }),
  ])
}, 10_000)
