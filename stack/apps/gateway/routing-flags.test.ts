import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { answerAll, sseChunk } from './testing/fake-engine.ts'
import { type Harness, openHarness } from './testing/harness.ts'

vi.setConfig({ testTimeout: 30_000 })

let gateway: Harness

beforeEach(async () => {
  gateway = await openHarness()
})

afterEach(() => gateway.close())

const calls = () => gateway.engines.flatMap(({ calls: received }) => received)
const saying = (content: string) => ({ messages: [{ role: 'user', content }], stream: true })

test('rate-limit-errors: 429 in OpenAI’s words, with Retry-After, and no engine is asked', async () => {
  await gateway.start(answerAll)
  await gateway.flip('rate-limit-errors', 'on')
  const answer = await gateway.chat()
  expect(answer.status).toBe(429)
  expect(answer.headers.get('retry-after')).toBe('1')
  expect(answer.headers.get('x-request-id')).not.toBeNull()
  expect(await answer.json()).toEqual({
    error: {
      message: 'Rate limit reached for requests. Please try again in 1s.',
      type: 'requests',
      param: null,
      code: 'rate_limit_exceeded',
    },
  })
  expect(calls()).toEqual([])
  expect(await gateway.metric('gateway_requests_total{code="429",route="/v1/chat/completions"}')).toBe(1)
})

test('rate-limit-errors: a share of the requests', async () => {
  await gateway.start(answerAll, 1)
  await gateway.flip('rate-limit-errors', 'on', 50)
  const statuses: number[] = []
  for (let index = 0; index < 60; index += 1) {
    const answer = await gateway.chat()
    statuses.push(answer.status)
    await answer.text()
  }
  const refused = statuses.filter((status) => status === 429).length
  expect(refused).toBeGreaterThan(10)
  expect(refused).toBeLessThan(50)
  expect(calls()).toHaveLength(60 - refused)
})

test('sticky-routing: every request of one client goes to one replica, until that is gone', async () => {
  await gateway.start(answerAll)
  await gateway.flip('sticky-routing', 'client')
  const upstream = async (): Promise<string | null> => {
    const answer = await gateway.chat()
    await answer.text()
    return answer.headers.get('x-upstream')
  }
  const first = await upstream()
  for (let index = 0; index < 10; index += 1) expect(await upstream()).toBe(first)
  gateway.kube.remove(first ?? '')
  await vi.waitFor(async () => expect(await gateway.metric('gateway_ready_replicas')).toBe(2), { timeout: 10_000 })
  const second = await upstream()
  expect(second).not.toBe(first)
  expect(await upstream()).toBe(second)
})

test('sticky-routing by prefix: what begins alike belongs together, and only that', async () => {
  await gateway.start(answerAll)
  await gateway.flip('sticky-routing', 'prefix')
  const upstreams = async (prefix: string): Promise<Set<string | null>> => {
    const found = new Set<string | null>()
    for (const end of ['one', 'two', 'three']) {
      const answer = await gateway.chat(saying(prefix.padEnd(300, '.') + end))
      await answer.text()
      found.add(answer.headers.get('x-upstream'))
    }
    return found
  }
  const all = new Set<string | null>()
  for (const prefix of Array.from({ length: 12 }, (_, index) => `document ${index}`)) {
    const found = await upstreams(prefix)
    expect(found.size).toBe(1)
    for (const name of found) all.add(name)
  }
  expect(all.size).toBeGreaterThan(1)
})

test('retry-storm: an answer that is not complete is asked for again, a bounded number of times, and nothing is taken back', async () => {
  await gateway.start()
  await gateway.flip('retry-storm', 'hedged')
  const answering = gateway.chat()
  await vi.waitFor(() => expect(calls()).toHaveLength(1), { timeout: 10_000 })
  const [first] = calls()
  const since = Date.now()
  first?.response.write(sseChunk('one'))
  const answer = await answering
  await vi.waitFor(() => expect(calls()).toHaveLength(2), { timeout: 10_000 })
  expect(Date.now() - since).toBeGreaterThan(300)
  await delay(1_100)
  expect(calls()).toHaveLength(2)
  const copy = calls().find((call) => call !== first) ?? expect.fail()
  expect(copy.body).toBe(first?.body)
  expect(copy.headers['x-request-id']).toBe(`${first?.headers['x-request-id']}-retry-1`)
  expect(await gateway.metric('gateway_upstream_retries_total{reason="slow"}')).toBe(1)
  // Both are worked on, and the client has the first.
  copy.response.write(sseChunk('two'))
  first?.response.end('data: [DONE]\n\n')
  expect(await answer.text()).toBe(`${sseChunk('one')}data: [DONE]\n\n`)
  let closed = false
  void copy.closed.then(() => (closed = true))
  await delay(100)
  expect(closed).toBe(false)
  copy.response.end()
  await copy.closed
})

test('retry-storm: a call that failed is sent again at once, and a client that leaves ends all', async () => {
  await gateway.start((call) => {
    if (calls().length <= 3) call.response.writeHead(500).end('{}')
  })
  await gateway.flip('retry-storm', 'storm')
  const client = new AbortController()
  const answering = gateway.chat(undefined, { signal: client.signal }).catch(() => null)
  await vi.waitFor(() => expect(calls()).toHaveLength(4), { timeout: 10_000 })
  expect(await gateway.metric('gateway_upstream_retries_total{reason="failed"}')).toBe(3)
  client.abort()
  await answering
  await calls().at(-1)?.closed
  await delay(1_200)
  expect(calls()).toHaveLength(4)
})

test('a fast answer is asked for once', async () => {
  await gateway.start(answerAll)
  await gateway.flip('retry-storm', 'hedged')
  await (await gateway.chat()).text()
  await delay(700)
  expect(calls()).toHaveLength(1)
})
