import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { DOWN_ANNOTATION, writeOutage } from '../../core/node-outage.ts'
import type { V1Node } from '../../kube/pod-types.ts'
import { createNodeOutages } from './node-outages.ts'

const outageOf = (ms: number): V1Node => ({
  metadata: { name: 'n', annotations: { [DOWN_ANNOTATION]: writeOutage({ until: Date.now() + ms, id: 'f' }) } },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
})

/** A machine without power, as the agent leaves one that it finds in an outage when it starts. */
const cutMachine = () => {
  const done: string[] = []
  let up = false
  const machine = {
    spec: { name: 'n' } as never,
    isUp: () => up,
    cut: async () => {
      up = false
      done.push('cut')
    },
    boot: () => {
      up = true
      done.push('boot')
    },
  }
  const api = async (method: string): Promise<never> => {
    done.push(method)
    return undefined as never
  }
  return { done, outages: createNodeOutages({ api, now: Date.now, log: () => undefined }, machine, () => undefined) }
}

test('an agent that starts in an outage boots nothing before it has heard of the node', async () => {
  const { done, outages } = cutMachine()
  const ending = new AbortController()
  const running = outages.run(async () => undefined, ending.signal)
  await delay(50)
  expect(done).toEqual([])
  outages.seen(outageOf(300))
  await delay(100)
  expect(done).toEqual([])
  await expect.poll(() => done).toEqual(['boot', 'PATCH'])
  ending.abort()
  await running
})

test('a node that somebody deleted has its power', async () => {
  const { done, outages } = cutMachine()
  const ending = new AbortController()
  outages.seen(null)
  const running = outages.run(async () => undefined, ending.signal)
  await expect.poll(() => done).toEqual(['boot'])
  ending.abort()
  await running
})
