import { writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { flipped, parseFlags, withFlag } from '../../../lib/core/flag-document.ts'
import { answerAll, type FakeEngine, type ReceivedCall, sseChunk } from './testing/fake-engine.ts'
import type { FakeKube } from './testing/fake-kube.ts'
import { flagsDocument, type Harness, HOSTS, openHarness } from './testing/harness.ts'

let harness: Harness
let kube: FakeKube
let engines: FakeEngine[]

beforeEach(async () => {
  harness = await openHarness()
  ;({ kube, engines } = harness)
})

afterEach(() => harness.close())

const start: Harness['start'] = (answer, replicas) => harness.start(answer, replicas)
const chat: Harness['chat'] = (body, init) => harness.chat(body, init)
const url = (path: string): string => harness.url(path)
const metric = (series: string): Promise<number | undefined> => harness.metric(series)
const requestsOf = (code: number) => metric(`gateway_requests_total{code="${code}",route="/v1/chat/completions"}`)

test('the first chunk arrives while the answer is still being made', async () => {
  await start()
  const answering = chat()
  const engine = await Promise.race(engines.map(async (candidate) => (await candidate.call(0)) && candidate))
  const { response } = await engine.call(0)
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.flushHeaders()
  const answer = await answering
  expect(answer.headers.get('x-upstream')).toBe(`vllm-${engine.host.at(-1)}`)
  expect(answer.headers.get('content-type')).toBe('text/event-stream')
  const reader = (answer.body ?? expect.fail('no body')).pipeThrough(new TextDecoderStream()).getReader()
  for (const word of ['one', 'two']) {
    response.write(sseChunk(word))
    expect((await reader.read()).value).toBe(sseChunk(word))
  }
  expect(await metric('gateway_requests_in_flight')).toBe(1)
  expect(await metric(`gateway_upstream_in_flight{pod="vllm-${engine.host.at(-1)}"}`)).toBe(1)
  response.end('data: [DONE]\n\n')
  expect((await reader.read()).value).toBe('data: [DONE]\n\n')
  expect((await reader.read()).done).toBe(true)
  await vi.waitFor(async () => expect(await requestsOf(200)).toBe(1))
  expect(await metric('gateway_requests_in_flight')).toBe(0)
  expect(await metric(`gateway_upstream_in_flight{pod="vllm-${engine.host.at(-1)}"}`)).toBe(0)
})

test('requests go to the replica with the fewest in flight', async () => {
  await start()
  const answers = Array.from({ length: 9 }, () => chat())
  await vi.waitFor(() => expect(engines.map(({ calls }) => calls.length)).toEqual([3, 3, 3]))
  for (const call of engines[1]?.calls ?? []) answerAll(call)
  await vi.waitFor(async () => expect(await metric('gateway_upstream_in_flight{pod="vllm-2"}')).toBe(0))
  const more = Array.from({ length: 3 }, () => chat())
  await vi.waitFor(() => expect(engines.map(({ calls }) => calls.length)).toEqual([3, 6, 3]))
  for (const { calls } of engines) for (const call of calls) if (!call.response.headersSent) answerAll(call)
  const all = await Promise.all([...answers, ...more])
  expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 12 }, () => 200))
})

test('a body goes through byte by byte, the request id with it, or a new one', async () => {
  await start(answerAll, 1)
  const body = '{ "messages": [ {"role":"user", "content":"ü"} ],  "stream" : true }'
  const headers = { 'x-request-id': 'mine', authorization: 'Bearer key', 'content-type': 'application/json' }
  const answer = await fetch(url('/v1/chat/completions?x=1'), { method: 'POST', body, headers })
  expect(await answer.text()).toContain('[DONE]')
  expect(answer.headers.get('x-request-id')).toBe('mine')
  const call = engines[0]?.calls[0]
  expect(call).toMatchObject({ path: '/v1/chat/completions?x=1', body, headers })
  const second = await chat()
  expect(second.headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/)
  expect(engines[0]?.calls[1]?.headers['x-request-id']).toBe(second.headers.get('x-request-id'))
  expect(await metric('gateway_upstream_requests_total{pod="vllm-1",code="200"}')).toBe(2)
})

test('load generators can ask a replica how it counts tokens; everything else of the replicas stays inside', async () => {
  await start((call) => void call.response.end('{"count":1,"tokens":[7]}'), 1)
  const body = '{"prompt":"the"}'
  expect(await (await fetch(url('/tokenize'), { method: 'POST', body })).text()).toContain('[7]')
  expect(engines[0]?.calls[0]).toMatchObject({ path: '/tokenize', body })
  expect((await fetch(url('/load'))).status).toBe(404)
  expect(engines[0]?.calls).toHaveLength(1)
})

test("a client that leaves ends the engine's work", async () => {
  await start(undefined, 1)
  const client = new AbortController()
  const answering = chat(undefined, { signal: client.signal })
  const call = await (engines[0] ?? expect.fail()).call(0)
  call.response.write(sseChunk('one'))
  const answer = await answering
  client.abort()
  await call.closed
  await expect(answer.text()).rejects.toThrow()
  await vi.waitFor(async () => expect(await requestsOf(499)).toBe(1))
  expect(await metric('gateway_upstream_in_flight{pod="vllm-1"}')).toBe(0)
})

test('a client that leaves before the head ends the work too, and nobody tries again', async () => {
  await start()
  const client = new AbortController()
  const answering = chat(undefined, { signal: client.signal })
  const call = await Promise.race(engines.map((engine) => engine.call(0)))
  client.abort()
  await expect(answering).rejects.toThrow()
  await call.closed
  await vi.waitFor(async () => expect(await requestsOf(499)).toBe(1))
  expect(engines.flatMap(({ calls }) => calls)).toHaveLength(1)
})

test('a dead replica costs a second try and no error; the next requests leave it alone', async () => {
  await start(answerAll)
  await engines[0]?.close()
  for (let index = 0; index < 20; index += 1) {
    const answer = await chat()
    expect(answer.status).toBe(200)
    await answer.text()
  }
  expect(await metric('gateway_upstream_failures_total{pod="vllm-1",reason="connect"}')).toBe(1)
  expect(await requestsOf(200)).toBe(20)
  expect(await requestsOf(502)).toBe(0)
})

test('a connection that breaks before the head is tried on another replica', async () => {
  const seen: ReceivedCall[] = []
  await start((call) => {
    seen.push(call)
    if (seen.length === 1) call.response.destroy()
    else answerAll(call)
  })
  const answer = await chat()
  expect(answer.status).toBe(200)
  const [first, second] = seen
  expect(second?.body).toBe(first?.body)
  expect(second?.headers.host).not.toBe(first?.headers.host)
})

test('where every try fails the client gets a 502, where nobody is ready a 503', async () => {
  await start(undefined, 2)
  await Promise.all(engines.map((engine) => engine.close()))
  const failed = await chat()
  expect(failed.status).toBe(502)
  expect(await failed.json()).toMatchObject({ error: { type: 'BadGatewayError', code: 502 } })
  kube.set({ name: 'vllm-1', ip: HOSTS[0], ready: false })
  kube.remove('vllm-2')
  await vi.waitFor(async () => expect(await metric('gateway_ready_replicas')).toBe(0))
  const none = await chat()
  expect(none.status).toBe(503)
  expect(await none.json()).toEqual({
    error: { message: 'No serving replica is ready.', type: 'ServiceUnavailableError', param: null, code: 503 },
  })
  expect([await requestsOf(502), await requestsOf(503)]).toEqual([1, 1])
})

test('an engine that dies in the middle of a stream truncates the answer', async () => {
  await start(undefined, 1)
  const answering = chat()
  const { response } = await (engines[0] ?? expect.fail()).call(0)
  response.write(sseChunk('one'))
  const answer = await answering
  response.destroy()
  await expect(answer.text()).rejects.toThrow()
  await vi.waitFor(async () => expect(await requestsOf(502)).toBe(1))
  expect(await metric('gateway_upstream_failures_total{pod="vllm-1",reason="truncated"}')).toBe(1)
  expect(await requestsOf(200)).toBe(0)
})

test('a body without an end is refused before it fills the memory', async () => {
  await start(answerAll, 1)
  const answer = await fetch(url('/v1/chat/completions'), { method: 'POST', body: new Uint8Array(65 * 1024 * 1024) })
  expect(answer.status).toBe(413)
  expect(engines[0]?.calls).toEqual([])
})

test('replicas come and go with their readiness', async () => {
  await start(answerAll, 1)
  expect(await metric('gateway_ready_replicas')).toBe(1)
  kube.set({ name: 'vllm-1', ip: HOSTS[0], ready: false })
  await vi.waitFor(async () => expect(await metric('gateway_ready_replicas')).toBe(0))
  kube.set({ name: 'vllm-1', ip: HOSTS[0], ready: true })
  await vi.waitFor(async () => expect(await metric('gateway_ready_replicas')).toBe(1))
  expect(kube.requests[0]).toBe('/api/v1/namespaces/llm/pods?labelSelector=app%3Dvllm')
})

test('rates have data before the first request', async () => {
  await start(answerAll, 1)
  expect(await Promise.all([200, 400, 499, 502, 503].map(requestsOf))).toEqual([0, 0, 0, 0, 0])
})

test('a flipped flag changes requests until it expires by itself', async () => {
  await start(answerAll, 1)
  const evaluations = (variant: string, reason: string) =>
    metric(`gateway_flag_evaluations_total{flag="prompt-template",variant="${variant}",reason="${reason}"}`)
  await (await chat()).text()
  expect(await evaluations('off', 'STATIC')).toBe(1)

  const document = parseFlags(flagsDocument)
  const expiresAt = Math.ceil(Date.now() / 1_000) + 1
  const flag = flipped(document.flags['prompt-template'] ?? expect.fail(), {
    variant: 'v2',
    share: 100,
    expiresAt,
    mark: { fault: 'f1' },
  })
  await writeFile(harness.flagsFile, withFlag(document, 'prompt-template', flag))
  await vi.waitFor(async () => {
    await (await chat()).text()
    expect(await evaluations('v2', 'TARGETING_MATCH')).toBeGreaterThan(0)
  })
  const flippedBodies = engines[0]?.calls.map(({ body }) => body.length).filter((length) => length > 12_000)
  expect(flippedBodies?.length).toBe(await evaluations('v2', 'TARGETING_MATCH'))

  await delay(expiresAt * 1_000 - Date.now() + 50)
  await (await chat()).text()
  expect(await evaluations('off', 'TARGETING_MATCH')).toBe(1)
  expect(engines[0]?.calls.at(-1)?.body.length).toBeLessThan(100)
})

test('a flag can be on for a share of the requests', async () => {
  await start(answerAll, 1)
  const document = parseFlags(flagsDocument)
  const mark = { fault: 'f1' }
  const expiresAt = Math.ceil(Date.now() / 1_000) + 60
  const flag = flipped(document.flags['cache-busting-prefix'] ?? expect.fail(), {
    variant: 'on',
    share: 50,
    expiresAt,
    mark,
  })
  await writeFile(harness.flagsFile, withFlag(document, 'cache-busting-prefix', flag))
  await delay(600)
  for (let index = 0; index < 60; index += 1) await (await chat()).text()
  const changed = engines[0]?.calls.filter(({ body }) => body.includes('"system"')).length
  expect(changed).toBeGreaterThan(10)
  expect(changed).toBeLessThan(50)
})

test('a broken flag document leaves the flags as they were, and says so', async () => {
  await start(answerAll, 1)
  expect(await metric('gateway_flags_last_reload_success')).toBe(1)
  for (const broken of ['{"flags":', '{}', '{"flags":{"prompt-template":{"state":"ON","variants":{}}}}']) {
    await writeFile(harness.flagsFile, broken)
    await vi.waitFor(async () => expect(await metric('gateway_flags_last_reload_success')).toBe(0))
    await (await chat()).text()
    await writeFile(harness.flagsFile, flagsDocument)
    await vi.waitFor(async () => expect(await metric('gateway_flags_last_reload_success')).toBe(1))
  }
  expect(await metric('gateway_flag_evaluations_total{flag="prompt-template",variant="off",reason="STATIC"}')).toBe(3)
})
