import { expect, test } from 'vitest'
import type { Clock } from '../../lib/core/clock.ts'
import type { FaultKube } from '../../lib/core/fault.ts'
import { startJob } from './job.ts'

const start = (calls: Pick<FaultKube, 'jobRunning' | 'jobEnded'>): Promise<void> => {
  let now = 0
  const clock: Clock = { now: () => now, sleep: async (ms) => void (now += ms) }
  const kube: Partial<FaultKube> = { createJob: async () => undefined, ...calls }
  const { signal } = new AbortController()
  return startJob({ metadata: { name: 'f-1' } }, { kube: kube as FaultKube, clock, signal })
}

test('a Job that ends before it is ready is not waited for', async () => {
  let looks = 0
  const calls = { jobRunning: async () => false, jobEnded: async () => (looks += 1) > 3 }
  await expect(start(calls)).rejects.toThrow('expected a pod of Job f-1 to be ready, found that it has ended before')
  expect(looks).toBe(4)
})

test('one that is ready has started, whatever comes of it', async () => {
  await start({ jobRunning: async () => true, jobEnded: async () => true })
})

test('one that neither starts nor ends is given up', async () => {
  await expect(start({ jobRunning: async () => false, jobEnded: async () => false })).rejects.toThrow('waited 60 s')
})
