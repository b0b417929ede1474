import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { KubeConfig } from '@kubernetes/client-node'
import { listen } from '../../tests/support/listen.ts'
import { serverClock } from './server-clock.ts'

/** An API server whose clock is apart from this machine's by so much, and that answers with this status, after so many times that it says nothing. */
const serverAt = async (apart: { ms: number; silent?: number }, status = 200) => {
  const server = createServer((_, response) => {
    const { silent = 0 } = apart
    if (silent > 0) {
      apart.silent = silent - 1
      return response.destroy()
    }
    response
      .setHeader('date', new Date(Date.now() + apart.ms).toUTCString())
      .writeHead(status)
      .end('{}')
    return response
  })
  const { url, close } = await listen(server)
  const config = new KubeConfig()
  config.loadFromClusterAndUser({ name: 'c', server: url, skipTLSVerify: true }, { name: 'u' })
  return { kube: { config }, [Symbol.asyncDispose]: close }
}

const MINUTE = 60_000

test.for([MINUTE, -MINUTE])('a machine that is apart by %i ms reckons in the time of the server', async (ms) => {
  await using server = await serverAt({ ms })
  const clock = await serverClock(server.kube)
  expect(Math.abs(clock.now() - (Date.now() + ms))).toBeLessThan(1_000)
})

test('clocks that may agree are left as they are', async () => {
  await using server = await serverAt({ ms: 0 })
  const clock = await serverClock(server.kube)
  const before = Date.now()
  const now = clock.now()
  // The two clocks of this machine round apart, and are steered apart by a little.
  expect(now).toBeGreaterThanOrEqual(before - 20)
  expect(now).toBeLessThanOrEqual(Date.now() + 20)
})

test('a refusal says what time it is, too', async () => {
  await using server = await serverAt({ ms: MINUTE }, 403)
  const clock = await serverClock(server.kube)
  expect(Math.abs(clock.now() - (Date.now() + MINUTE))).toBeLessThan(1_000)
})

test('it stays what it was while nobody answers, and is asked again', async () => {
  const apart = { ms: MINUTE }
  await using server = await serverAt(apart)
  const clock = await serverClock(server.kube)
  apart.ms = -MINUTE
  await clock.sync()
  expect(Math.abs(clock.now() - (Date.now() - MINUTE))).toBeLessThan(1_000)
  await server[Symbol.asyncDispose]()
  await clock.sync()
  expect(Math.abs(clock.now() - (Date.now() - MINUTE))).toBeLessThan(1_000)
})

test('without an answer that says when, there is no clock', async () => {
  const server = await serverAt({ ms: MINUTE })
  await server[Symbol.asyncDispose]()
  await expect(serverClock(server.kube)).rejects.toMatchObject({ code: 'cluster-unreachable' })
})

test('a first question that was lost is asked again', async () => {
  const apart = { ms: MINUTE, silent: 2 }
  await using server = await serverAt(apart)
  const clock = await serverClock(server.kube)
  expect(apart.silent).toBe(0)
  expect(Math.abs(clock.now() - (Date.now() + MINUTE))).toBeLessThan(1_000)
})

test('a machine that was suspended asks again soon', async () => {
  await using server = await serverAt({ ms: MINUTE })
  const asleep = { ms: 0 }
  const clock = await serverClock(server.kube, {
    wall: () => Date.now(),
    monotonic: () => performance.now() - asleep.ms,
  })
  const ending = new AbortController()
  const keeping = clock.keep(ending.signal)
  asleep.ms = MINUTE
  const apart = (): number => Math.abs(clock.now() - (Date.now() + MINUTE))
  expect(apart()).toBeGreaterThan(50_000)
  await expect.poll(apart, { timeout: 5_000 }).toBeLessThan(1_500)
  ending.abort()
  await keeping
})
