import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { tokenize } from '../../../lib/vllm/text/tokens.ts'
import { eventually } from './testing/eventually.ts'
import { openServer, type TestServer } from './testing/open-server.ts'

const FIXTURES = new URL('../../../lib/vllm/fixtures/vllm-0.32.0/', import.meta.url)
const golden = (name: string): string => readFileSync(new URL(name, FIXTURES), 'utf8')

let server: TestServer
beforeEach(async () => {
  server = await openServer()
})
afterEach(() => server[Symbol.asyncDispose]())

const reopen = async (options: Parameters<typeof openServer>[0]): Promise<void> => {
  await server[Symbol.asyncDispose]()
  server = await openServer(options)
}

const STREAM = { model: 'tiny', stream: true, stream_options: { include_usage: true }, ignore_eos: true }

/** Six tokens of content: with the template's, the 15 of the recording. */
const CHAT = { ...STREAM, messages: [{ role: 'user', content: 'twenty-four bytes, 24 !!' }], max_tokens: 8 }

describe('streams have the bytes of the recordings', () => {
  test('chat', async () => {
    const response = await server.post('/v1/chat/completions', CHAT)
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(neutral(await response.text())).toBe(neutral(golden('chat-stream.sse')))
  })

  test('completion', async () => {
    const response = await server.post('/v1/completions', { ...STREAM, prompt: [1, 2, 3, 4], max_tokens: 4 })
    expect(neutral(await response.text())).toBe(neutral(golden('completions-stream.sse')))
  })

  test('without usage where it was not asked for, and with the request id as the suffix', async () => {
    const body = await (
      await server.post('/v1/chat/completions', { ...CHAT, stream_options: null }, { 'x-request-id': 'abc-1' })
    ).text()
    expect(body).not.toContain('"usage"')
    expect(body).toContain('"id":"chatcmpl-abc-1"')
  })

  test('one after another over one connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const bodies = await Promise.all([1, 2, 3].map(() => over(agent, CHAT)))
    expect(new Set(bodies.map(({ port }) => port)).size).toBe(1)
    for (const { body } of bodies) expect(neutral(body)).toBe(neutral(golden('chat-stream.sse')))
    agent.destroy()
  })

  test('a model name outside ASCII does not break the frames', async () => {
    await reopen({ arguments: '--served-model-name tïny→模型🙂' })
    const body = await (await server.post('/v1/chat/completions', { ...CHAT, model: 'tïny→模型🙂' })).text()
    expect(events(body).map(({ model }) => model)).toEqual(Array.from({ length: 10 }, () => 'tïny→模型🙂'))
  })

  test('a client of HTTP/1.0 gets them without chunks', async () => {
    const { port } = new URL(server.url)
    const socket = connect(Number(port), '127.0.0.1')
    const body = JSON.stringify(CHAT)
    const head = `POST /v1/chat/completions HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`
    socket.write(`${head}\r\n\r\n${body}`)
    const [answered = '', ...rest] = (await text(socket)).split('\r\n\r\n')
    expect(answered).toContain('200 OK')
    expect(neutral(rest.join('\r\n\r\n'))).toBe(neutral(golden('chat-stream.sse')))
  })
})

describe('answers', () => {
  test.each([
    ['all its tokens', {}],
    ['a stop string that two tokens make', { stop: ['zzzz'], max_tokens: 40 }],
    ['its natural end', { ignore_eos: false, max_tokens: 4_000 }],
    ['echo', { echo: true }],
  ])('in one piece carry the same text as the stream: %s', async (_, more) => {
    const body = { model: 'tiny', prompt: 'Once upon a time', max_tokens: 8, ignore_eos: true, ...more }
    const whole = Completion.parse(await (await server.post('/v1/completions', body)).json())
    const streamed = events(await (await server.post('/v1/completions', { ...body, ...STREAM, ...more })).text())
    expect(streamed.map(({ choices }) => choices[0]?.text ?? '').join('')).toBe(whole.choices[0].text)
  })

  test('stop at a string, cut before it, and say which', async () => {
    const body = { model: 'tiny', prompt: 'x', max_tokens: 30, ignore_eos: true }
    const [whole] = Completion.parse(await (await server.post('/v1/completions', body)).json()).choices
    const at = whole.text.slice(25, 31)
    const cut = { ...body, stop: ['no such', at] }
    const [stopped] = Completion.parse(await (await server.post('/v1/completions', cut)).json()).choices
    expect(stopped).toMatchObject({ text: whole.text.slice(0, whole.text.indexOf(at)), finish_reason: 'stop' })
    expect(stopped.stop_reason).toBe(at)
    const streamed = events(await (await server.post('/v1/completions', { ...cut, stream: true })).text())
    expect(streamed.map(({ choices }) => choices[0]?.text ?? '').join('')).toBe(stopped.text)
  })

  test('of n choices differ, share their prompt, and n counts as one request of that many sequences', async () => {
    const answer = await server.post('/v1/completions', {
      model: 'tiny',
      prompt: 'abcd'.repeat(10),
      max_tokens: 5,
      n: 3,
    })
    const { choices, usage } = Completion.parse(await answer.json())
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2])
    expect(new Set(choices.map((choice) => choice.text)).size).toBe(3)
    expect(usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 15, total_tokens: 25 })
    // Sequences are finished one by one, the request once.
    const counts = ['request_success_total{engine="0",finished_reason="length"', 'request_generation_tokens_count']
    const once = ['request_params_n_count', 'request_max_num_generation_tokens_count']
    expect(await Promise.all(counts.map((name) => server.sample(`vllm:${name}`)))).toEqual([3, 3])
    expect(await Promise.all(once.map((name) => server.sample(`vllm:${name}`)))).toEqual([1, 1])
    expect(await server.sample('vllm:request_params_n_sum')).toBe(3)
  })

  test('end by themselves, the same for the same prompt, where eos is not ignored', async () => {
    const body = { model: 'tiny', messages: CHAT.messages }
    const both = await Promise.all([0, 1].map(async () => (await server.post('/v1/chat/completions', body)).json()))
    const [first, second] = both.map((answer) => Answer.parse(answer).choices[0])
    expect(first).toMatchObject({ finish_reason: 'stop' })
    expect(first).toEqual(second)
  })

  test('come back as the next turn of a chat and hit the prefix cache', async () => {
    const turns = [{ role: 'user', content: 'Tell me a story. '.repeat(20) }]
    const asked = { model: 'tiny', ignore_eos: true, max_tokens: 200 }
    const first = Answer.parse(await (await server.post('/v1/chat/completions', { ...asked, messages: turns })).json())
    const answer = first.choices[0].message
    const before = await server.sample('vllm:prefix_cache_hits_total')
    const next = { ...asked, messages: [...turns, answer, { role: 'user', content: 'And?' }] }
    await (await server.post('/v1/chat/completions', next)).text()
    // The KV of the answer's last token was never computed.
    const known = 4 + tokenize(turns[0]?.content ?? '').length + 1 + 4 + 199
    const hits = (await server.sample('vllm:prefix_cache_hits_total')) - before
    expect(hits).toBe(Math.floor(known / 32) * 32)
  })

  test('of /tokenize come back from /detokenize', async () => {
    const prompt = 'Grüße, 模型 🙂 and some more'
    const { tokens } = z
      .object({ tokens: z.array(z.number()) })
      .parse(await (await server.post('/tokenize', { prompt })).json())
    expect(await (await server.post('/detokenize', { tokens })).json()).toEqual({ prompt })
  })
})

describe('errors', () => {
  test('have the bodies of the recordings: too long', async () => {
    const prompt = 'x'.repeat(4 * 5_000)
    const response = await server.post('/v1/completions', { model: 'tiny', prompt, max_tokens: 4 })
    expect(response.status).toBe(400)
    expect(await response.text()).toBe(golden('error-400-too-long.json').trim())
  })

  test('have the bodies of the recordings: no such model', async () => {
    const response = await server.post('/v1/completions', { model: 'nope', prompt: 'x' })
    expect(response.status).toBe(404)
    expect(await response.text()).toBe(golden('error-404-model.json').trim())
  })

  test.each([
    [5_000, 4, /your prompt contains 5000 input tokens, which exceeds/],
    [4_096, 1, /^max_tokens must be at least 1, got 0\./],
  ])('%d token ids and %d tokens asked for', async (length, maxTokens, message) => {
    const body = { model: 'tiny', prompt: Array(length).fill(1), max_tokens: maxTokens }
    const response = await server.post('/v1/completions', body)
    expect(response.status).toBe(400)
    expect((await failure(response)).message).toMatch(message)
  })

  test('max_tokens beyond the context is cut, not refused', async () => {
    const body = { model: 'tiny', prompt: Array(4_090).fill(1), max_tokens: 4_000, ignore_eos: true }
    expect(await (await server.post('/v1/completions', body)).json()).toMatchObject({ usage: { completion_tokens: 6 } })
  })

  test('a full queue is 503 and counted', async () => {
    await reopen({ arguments: '--max-num-queued-reqs 2', stepFloorMs: 50 })
    const first = await server.post('/v1/completions', { ...STREAM, prompt: 'x', max_tokens: 10 })
    await first.body?.getReader().read()
    const refused = await server.post('/v1/completions', { model: 'tiny', prompt: 'x', n: 2 })
    expect(refused.status).toBe(503)
    expect((await failure(refused)).message).toMatch(/^The engine is currently busy and cannot accept new requests/)
    expect((await server.post('/v1/completions', { model: 'tiny', prompt: 'x', max_tokens: 1 })).status).toBe(200)
    const counted = 'vllm:admission_rejections_total{model_name="tiny",reason="max_num_queued_reqs"}'
    expect(await server.sample(counted)).toBe(1)
  })

  test('a backlog of prompt tokens is 503 and counted, until the first token', async () => {
    await reopen({ arguments: '--max-num-queued-tokens 3000', stepFloorMs: 100 })
    const ask = { ...STREAM, prompt: Array(3_000).fill(1), max_tokens: 100 }
    const first = await server.post('/v1/completions', ask)
    const refused = await server.post('/v1/completions', { model: 'tiny', prompt: 'x' })
    expect(refused.status).toBe(503)
    expect((await failure(refused)).message).toMatch(/^The engine has reached its prefill token backlog limit/)
    await first.body?.getReader().read()
    expect((await server.post('/v1/completions', { model: 'tiny', prompt: 'x', max_tokens: 1 })).status).toBe(200)
    const counted = 'vllm:admission_rejections_total{model_name="tiny",reason="max_num_queued_tokens"}'
    expect(await server.sample(counted)).toBe(1)
  })

  test('developers’ endpoints are not there without VLLM_SERVER_DEV_MODE', async () => {
    for (const path of ['/sleep', '/wake_up', '/reset_prefix_cache', '/pause']) {
      const response = await server.post(path, {})
      expect([response.status, await response.json()]).toEqual([404, { detail: 'Not Found' }])
    }
  })
})

test('measures requests by handler and group of status, probes not; logs them all', async () => {
  await (await server.post('/v1/chat/completions', CHAT)).text()
  await (await server.post('/v1/completions', { model: 'nope', prompt: 'x' })).text()
  const probes = ['/health', '/metrics', '/version', '/load', '/ping']
  for (const path of probes) expect((await fetch(server.url + path)).status).toBe(200)
  await eventually(() => server.access.length === 2 + probes.length)
  expect(await server.sample('http_requests_total{handler="/v1/chat/completions",method="POST",status="2xx"}')).toBe(1)
  expect(await server.sample('http_requests_total{handler="/v1/completions",method="POST",status="4xx"}')).toBe(1)
  expect(await server.sample('http_request_duration_highr_seconds_count')).toBe(2)
  expect(await server.sample('http_response_size_bytes_sum{handler="/v1/completions"}')).toBe(
    golden('error-404-model.json').trim().length,
  )
  const lines = server.access.map((line) => line.replace(/:\d+ -/, ':PORT -'))
  expect(lines.slice(0, 3)).toEqual([
    '127.0.0.1:PORT - "POST /v1/chat/completions HTTP/1.1" 200 OK',
    '127.0.0.1:PORT - "POST /v1/completions HTTP/1.1" 404 Not Found',
    '127.0.0.1:PORT - "GET /health HTTP/1.1" 200 OK',
  ])
})

test('paths of --disable-access-log-for-endpoints are not logged', async () => {
  await reopen({ arguments: '--disable-access-log-for-endpoints /health,/metrics' })
  for (const path of ['/health', '/metrics', '/version']) await fetch(server.url + path)
  await eventually(() => server.access.length > 0)
  expect(server.access.map((line) => line.replace(/^.* - /, ''))).toEqual(['"GET /version HTTP/1.1" 200 OK'])
})

// --- Internal helpers ---

/** Without what differs from run to run: ids, times, texts. */
const neutral = (sse: string): string =>
  sse
    .trim()
    .replaceAll(/"id":"(\w+)-[^"]*"/g, '"id":"$1-…"')
    .replaceAll(/"created":\d+/g, '"created":0')
    .replaceAll(/vllm-0\.32\.0-[0-9a-f]{8}/g, 'vllm-0.32.0-…')
    // A chat begins with a piece that has none; whether the last one has depends on the tokens.
    .replaceAll(/"(content|text)":"[^"]*"/g, '"$1":"…"')

interface Chunk {
  model: string
  choices: { text?: string; delta?: { content?: string } }[]
}

const events = (sse: string): Chunk[] =>
  sse
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice('data: '.length)))

const Completion = z.object({
  choices: z.tuple(
    [z.object({ index: z.number(), text: z.string(), finish_reason: z.string(), stop_reason: z.unknown() })],
    z.object({ index: z.number(), text: z.string() }),
  ),
  usage: z.unknown(),
})
const Answer = z.object({
  choices: z.tuple([
    z.object({ message: z.object({ role: z.string(), content: z.string() }), finish_reason: z.string() }),
  ]),
})
const Failure = z.object({ error: z.object({ message: z.string(), code: z.number() }) })

const failure = async (response: Response): Promise<z.infer<typeof Failure>['error']> =>
  Failure.parse(await response.json()).error

const over = (agent: Agent, body: unknown): Promise<{ body: string; port: number | undefined }> =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const call = request(`${server.url}/v1/chat/completions`, { method: 'POST', agent, headers }, (response) => {
      const port = response.socket.localPort
      text(response).then((received) => resolve({ body: received, port }), reject)
    })
    call.on('error', reject).end(JSON.stringify(body))
  })
