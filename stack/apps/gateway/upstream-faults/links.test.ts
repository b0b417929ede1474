import { type Agent, request } from 'node:http'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { UpstreamRule } from '../../../../lib/core/upstream-rules.ts'
import { answerAll, type FakeEngine, startFakeEngine } from '../testing/fake-engine.ts'
import { createLinks } from './links.ts'

const HOSTS = ['127.9.1.1', '127.9.1.2']
let engines: FakeEngine[]

beforeAll(async () => {
  engines = await Promise.all(HOSTS.map((host) => startFakeEngine(host, 0, answerAll)))
})

afterAll(() => Promise.all(engines.map((engine) => engine.close())))

/** Milliseconds until the head of an answer; null where it did not come in time. */
const headAfter = (agent: Agent, engine: FakeEngine | undefined, withinMs: number): Promise<number | null> =>
  new Promise((resolve) => {
    const since = performance.now()
    const target = { host: engine?.host ?? '', port: engine?.port ?? 0, agent, method: 'POST', path: '/' }
    const call = request(target, (message) => {
      message.resume()
      message.once('end', () => resolve(performance.now() - since))
    })
    call.once('error', () => resolve(null))
    setTimeout(() => call.destroy(), withinMs).unref()
    call.end('{}')
  })

const common = { id: 'f-1', pod: 'u1', expiresAt: Date.now() + 600_000 }
const lossy: UpstreamRule = { ...common, kind: 'loss', percent: 50 }

vi.setConfig({ testTimeout: 20_000 })

test('what is lost comes after the timeouts of TCP: of the handshake, then of the request', async () => {
  const lost = [0, 1, 0, 0, 1]
  const links = createLinks(() => lost.shift() ?? 1)
  try {
    links.apply([lossy])
    const first = await headAfter(links.agentOf('u1'), engines[0], 5_000)
    expect(first).toBeGreaterThan(1_595)
    expect(first).toBeLessThan(2_390)
    // Of the handshake no more on a connection that is kept.
    expect(await headAfter(links.agentOf('u1'), engines[0], 5_000)).toBeLessThan(900)
  } finally {
    links.close()
  }
})

test('what is held for long goes on its way when the rule is taken away', async () => {
  const links = createLinks(() => 0.1)
  try {
    links.apply([{ ...lossy, percent: 100 }])
    const answering = headAfter(links.agentOf('u1'), engines[0], 5_000)
    setTimeout(() => links.apply([]), 300)
    const after = await answering
    expect(after).toBeGreaterThan(280)
    expect(after).toBeLessThan(4_000)
  } finally {
    links.close()
  }
})

/** `u3` has the address of `u1`, which is gone. */
const PODS = ['u1', 'u2', 'u3']

test('rules of other pods never apply, also not to the pod that takes over an address', { timeout: 30_000 }, () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...PODS, 'u4'), { maxLength: 4 }), async (pods) => {
      const links = createLinks()
      try {
        links.apply(pods.map((pod, index) => ({ ...common, id: `f-${index}`, pod, kind: 'partition' })))
        const found = await Promise.all(
          PODS.map((pod, index) => headAfter(links.agentOf(pod), engines[index % HOSTS.length], 600)),
        )
        expect(found.map((ms) => ms === null)).toEqual(PODS.map((pod) => pods.includes(pod)))
      } finally {
        links.close()
      }
    }),
    { numRuns: 12 },
  ),
)
