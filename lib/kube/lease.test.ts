import { createServer } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { KubeConfig } from '@kubernetes/client-node'
import { json } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { listen } from '../../tests/support/listen.ts'
import { clientsOf } from './client.ts'
import { acquireLease, keepLease } from './lease.ts'

/** An API server that keeps one Lease; in a namespace that is being deleted, none. */
const leaseServer = async ({ terminating = false } = {}) => {
  let lease: unknown = null
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    if (request.method === 'GET') return lease === null ? answer(404, {}) : answer(200, lease)
    if (terminating) {
      const message =
        'leases "l" is forbidden: unable to create new content in namespace n because it is being terminated'
      return answer(403, { kind: 'Status', reason: 'Forbidden', message })
    }
    lease = await json(request)
    answer(200, lease)
  })
  const { url, close } = await listen(server)
  const config = new KubeConfig()
  config.loadFromClusterAndUser({ name: 'c', server: url, skipTLSVerify: true }, { name: 'u' })
  return { kube: clientsOf(config), [Symbol.asyncDispose]: close }
}

const named = { namespace: 'n', name: 'l', holder: 'h/1/1' }

test.for(['wall', 'monotonic'] as const)(
  'who is late by the %s clock alone may not act, now or later',
  async (which) => {
    await using server = await leaseServer()
    const options = { kube: server.kube, ...named }
    expect(await acquireLease(options)).toEqual({ ok: true })
    const ahead = { wall: 0, monotonic: 0 }
    const clocks = { wall: () => Date.now() + ahead.wall, monotonic: () => performance.now() + ahead.monotonic }
    const ending = new AbortController()
    const kept = keepLease(options, ending.signal, clocks)
    kept.requireHeld()
    ahead[which] = 9_000
    expect(() => kept.requireHeld()).toThrow('not renewed in time')
    // The next renewal would succeed: the API server is there, and nobody else wants it.
    await delay(3_500)
    expect(kept.lost.aborted).toBe(true)
    ending.abort()
    await kept.released
  },
)

test('in a namespace that is being deleted whoever asks may act', async () => {
  await using server = await leaseServer({ terminating: true })
  expect(await acquireLease({ kube: server.kube, ...named })).toEqual({ ok: true })
})
