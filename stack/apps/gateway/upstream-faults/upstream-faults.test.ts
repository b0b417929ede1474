import { setTimeout as delay } from 'node:timers/promises'
import { writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { UpstreamRule } from '../../../../lib/core/upstream-rules.ts'
import { answerAll, type FakeEngine, sseChunk } from '../testing/fake-engine.ts'
import { type Harness, openHarness } from '../testing/harness.ts'

vi.setConfig({ testTimeout: 30_000 })

let gateway: Harness

beforeEach(async () => {
  gateway = await openHarness()
})

afterEach(() => gateway.close())

/** For the replica `vllm-N`, for so long. */
const partition = (replica: number, lastingMs = 30_000): UpstreamRule => ({
  id: 'f-1',
  pod: `uid-vllm-${replica}`,
  expiresAt: Date.now() + lastingMs,
  kind: 'partition',
})
const slow = (replica: number, ms: number, jitterMs = 0): UpstreamRule => ({
  ...partition(replica),
  kind: 'delay',
  ms,
  jitterMs,
})

const engine = (): FakeEngine => gateway.engines[0] ?? expect.fail()

const timed = async (): Promise<number> => {
  const since = performance.now()
  const answer = await gateway.chat()
  expect(await answer.text()).toContain('[DONE]')
  return performance.now() - since
}

test('a delay is paid by the request, and by the handshake of a new connection', async () => {
  await gateway.start(answerAll, 1)
  await gateway.rules([slow(1, 1_000)])
  expect(await timed()).toBeGreaterThanOrEqual(1_998)
  const kept = await timed()
  expect(kept).toBeGreaterThanOrEqual(998)
  expect(kept).toBeLessThan(1_950)
  expect(await gateway.metric('gateway_upstream_head_seconds_sum{pod="vllm-1"}')).toBeGreaterThan(2.95)
  await gateway.rules([])
  expect(await timed()).toBeLessThan(900)
})

test('answers are not delayed chunk by chunk', async () => {
  await gateway.start(undefined, 1)
  await gateway.rules([slow(1, 1_000)])
  const answering = gateway.chat()
  const { response } = await engine().call(0)
  response.write(sseChunk('one'))
  const reader = ((await answering).body ?? expect.fail()).pipeThrough(new TextDecoderStream()).getReader()
  await reader.read()
  for (const word of ['two', 'three', 'four']) {
    const since = performance.now()
    response.write(sseChunk(word))
    expect((await reader.read()).value).toBe(sseChunk(word))
    expect(performance.now() - since).toBeLessThan(900)
  }
  response.end()
})

test('a partition holds requests, and they go on when it ends by itself', async () => {
  await gateway.start(answerAll, 1)
  await timed()
  const rule = partition(1, 3_000)
  await gateway.rules([rule])
  const answering = gateway.chat()
  await delay(500)
  expect(engine().calls).toHaveLength(1)
  expect(await gateway.metric('gateway_upstream_unanswered_seconds{pod="vllm-1"}')).toBeGreaterThan(0.4)
  expect(await (await answering).text()).toContain('[DONE]')
  expect(Date.now()).toBeGreaterThanOrEqual(rule.expiresAt)
  expect(Date.now()).toBeLessThan(rule.expiresAt + 5_000)
  expect(await gateway.metric('gateway_upstream_rules')).toBe(0)
  expect(await gateway.metric('gateway_upstream_unanswered_seconds{pod="vllm-1"}')).toBe(0)
})

test('a partition stops answers that are under way, which lose nothing', async () => {
  await gateway.start(undefined, 1)
  const answering = gateway.chat()
  const { response } = await engine().call(0)
  const text = Array.from({ length: 200 }, (_, index) => sseChunk(`word ${index}`))
  response.write(text[0])
  const reader = ((await answering).body ?? expect.fail()).pipeThrough(new TextDecoderStream()).getReader()
  let seen = (await reader.read()).value ?? ''
  await gateway.rules([partition(1)])
  for (const chunk of text.slice(1)) response.write(chunk)
  response.end()
  const reading = reader.read()
  expect(await Promise.race([reading.then(() => 'a chunk'), delay(400, 'nothing')])).toBe('nothing')
  await gateway.rules([])
  for (let next = await reading; !next.done; next = await reader.read()) seen += next.value
  expect(seen).toBe(text.join(''))
})

test('a client that leaves a partitioned replica leaves nothing behind', async () => {
  await gateway.start(answerAll, 1)
  await gateway.rules([partition(1)])
  const client = new AbortController()
  const answering = gateway.chat(undefined, { signal: client.signal }).catch(() => null)
  await vi.waitFor(async () => expect(await gateway.metric('gateway_upstream_in_flight{pod="vllm-1"}')).toBe(1), {
    timeout: 10_000,
  })
  client.abort()
  await answering
  await vi.waitFor(async () => expect(await gateway.metric('gateway_upstream_in_flight{pod="vllm-1"}')).toBe(0), {
    timeout: 10_000,
  })
  await gateway.rules([])
  await delay(100)
  expect(engine().calls).toEqual([])
  await timed()
})

test('a document that cannot be read puts nothing in force', async () => {
  await gateway.start(answerAll, 1)
  await gateway.rules([slow(1, 3_000)])
  const file = gateway.flagsFile.replace('flags.json', 'rules.json')
  await writeFile(file, '{"rules": [{"kind": "earthquake"}]}')
  await vi.waitFor(async () => expect(await gateway.metric('gateway_upstream_rules')).toBe(0), { timeout: 10_000 })
  expect(await timed()).toBeLessThan(2_500)
})
