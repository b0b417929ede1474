import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { tokenize } from '../../../lib/vllm/text/tokens.ts'
import { type Application, createApplication } from './application.ts'
import { parseServeArguments } from './arguments.ts'
import { EmulatorEnv, planServer } from './settings.ts'

const FIXTURES = new URL('../../../lib/vllm/fixtures/vllm-0.32.0/', import.meta.url)
const golden = (name: string): string => readFileSync(new URL(name, FIXTURES), 'utf8')

/** As the recordings were made; a step takes `VLLM_EMULATOR_STEP_FLOOR_MS` at least. */
const ARGUMENTS =
  '--model /models/tiny --served-model-name tiny --max-model-len 4096 --max-num-seqs 32 --max-num-batched-tokens 1024 --block-size 32 --num-gpu-blocks-override 512'

let application: Application
let url: string
let access: string[]

const open = async (more = '', stepFloorMs = 1): Promise<void> => {
  const parsed = parseServeArguments(`${ARGUMENTS} ${more}`.trim().split(' '))
  if (!parsed.ok) throw new Error(parsed.message)
  const planned = planServer(parsed.arguments, EmulatorEnv.parse({ VLLM_EMULATOR_PRESET: 'h100' }), 80_000)
  if (!planned.ok) throw new Error(planned.error)
  const plan = { ...planned.plan, preset: { ...planned.plan.preset, baseMs: 0, prefillMs: 0 } }
  access = []
  application = createApplication({
    args: parsed.arguments,
    plan,
    stepFloorMs,
    processMetrics: () => '',
    onAccess: (line) => access.push(line),
  })
  await new Promise<void>((listening) => application.server.listen(0, '127.0.0.1', listening))
  // A listening TCP server has an address object.
  url = `http://127.0.0.1:${(application.server.address() as AddressInfo).port}`
}

beforeEach(() => open())
afterEach(async () => {
  application.driver.shutDown()
  application.server.closeAllConnections()
  await new Promise((closed) => application.server.close(closed))
})

const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url + path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  })

const STREAM = { model: 'tiny', stream: true, stream_options: { include_usage: true }, ignore_eos: true }

/** Six tokens of content: with the template's, the 15 of the recording. */
const CHAT = { ...STREAM, messages: [{ role: 'user', content: 'twenty-four bytes, 24 !!' }], max_tokens: 8 }

describe('streams have the bytes of the recordings', () => {
  test('chat', async () => {
    const response = await post('/v1/chat/completions', CHAT)
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(neutral(await response.text())).toBe(neutral(golden('chat-stream.sse')))
  })

  test('completion', async () => {
    const response = await post('/v1/completions', { ...STREAM, prompt: [1, 2, 3, 4], max_tokens: 4 })
    expect(neutral(await response.text())).toBe(neutral(golden('completions-stream.sse')))
  })

  test('without usage where it was not asked for, and with the request id as the suffix', async () => {
    const body = await (
      await post('/v1/chat/completions', { ...CHAT, stream_options: null }, { 'x-request-id': 'abc-1' })
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
    await application.server[Symbol.asyncDispose]()
    await open('--served-model-name tïny→模型🙂')
    const body = await (await post('/v1/chat/completions', { ...CHAT, model: 'tïny→模型🙂' })).text()
    expect(events(body).map(({ model }) => model)).toEqual(Array.from({ length: 10 }, () => 'tïny→模型🙂'))
  })

  test('a client of HTTP/1.0 gets them without chunks', async () => {
    const { port } = new URL(url)
    const socket = connect(Number(port), '127.0.0.1')
    const body = JSON.stringify(CHAT)
    socket.write(`POST /v1/chat/completions HTTP/1.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    const [head = '', ...rest] = (await text(socket)).split('\r\n\r\n')
    expect(head).toContain('200 OK')
    expect(neutral(rest.join('\r\n\r\n'))).toBe(neutral(golden('chat-stream.sse')))
  })
})

describe('answers', () => {
  test('in one piece carry the same text as the stream', async () => {
    const whole = await (await post('/v1/chat/completions', { ...CHAT, stream: false })).json()
    const streamed = events(await (await post('/v1/chat/completions', CHAT)).text())
    const joined = streamed.map(({ choices }) => choices[0]?.delta?.content ?? '').join('')
    expect(whole).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { role: 'assistant', content: joined }, finish_reason: 'length' }],
      usage: { prompt_tokens: 15, completion_tokens: 8, total_tokens: 23 },
    })
  })

  test('end by themselves, the same for the same prompt, where eos is not ignored', async () => {
    const body = { model: 'tiny', messages: CHAT.messages }
    const [first, second] = await Promise.all([0, 1].map(async () => (await post('/v1/chat/completions', body)).json()))
    expect(first).toMatchObject({ choices: [{ finish_reason: 'stop' }] })
    const content = (answer: unknown): unknown => JSON.parse(JSON.stringify(answer)).choices[0].message
    expect(content(first)).toEqual(content(second))
  })

  test('come back as the next turn of a chat and hit the prefix cache', async () => {
    const turns = [{ role: 'user', content: 'Tell me a story. '.repeat(20) }]
    const asked = { model: 'tiny', ignore_eos: true, max_tokens: 200 }
    const first = Answer.parse(await (await post('/v1/chat/completions', { ...asked, messages: turns })).json())
    const answer = first.choices[0].message
    const before = await sample('vllm:prefix_cache_hits_total')
    await post('/v1/chat/completions', { ...asked, messages: [...turns, answer, { role: 'user', content: 'And?' }] })
    const known = 4 + tokenize(turns[0]?.content ?? '').length + 1 + 4 + 199
    expect((await sample('vllm:prefix_cache_hits_total')) - before).toBe(Math.floor(known / 32) * 32)
  })
})

describe('errors have the bodies of the recordings', () => {
  test('too long', async () => {
    const response = await post('/v1/completions', { model: 'tiny', prompt: Array(5_000).fill(1), max_tokens: 4 })
    expect(response.status).toBe(400)
    expect(await response.text()).toBe(golden('error-400-too-long.json').trim())
  })

  test('too long with its output', async () => {
    const response = await post('/v1/completions', { model: 'tiny', prompt: Array(97).fill(1), max_tokens: 4_000 })
    expect((await failure(response)).message).toBe(
      "This model's maximum context length is 4096 tokens. However, you requested 4000 output tokens and your prompt " +
        'contains at least 97 input tokens, for a total of at least 4097 tokens. Please reduce the length of the input ' +
        'prompt or the number of requested output tokens. (parameter=input_tokens, value=97)',
    )
  })

  test('no such model', async () => {
    const response = await post('/v1/completions', { model: 'nope', prompt: 'x' })
    expect(response.status).toBe(404)
    expect(await response.text()).toBe(golden('error-404-model.json').trim())
  })

  test.each([
    ['/v1/chat/completions', '{', 400],
    ['/v1/chat/completions', '{"messages":[]}', 400],
    ['/v1/chat/completions', '{"messages":[{"role":"user","content":"x"}],"n":2}', 400],
    ['/v1/completions', '{"prompt":""}', 400],
    ['/v1/nothing', '{}', 404],
    ['/v1/models', '{}', 405],
    ['//', '{}', 404],
  ])('%s %s is %d', async (path, body, status) => {
    const response = await fetch(url + path, { method: 'POST', body })
    expect(response.status).toBe(status)
    expect((await failure(response)).code).toBe(status)
  })

  test('a full queue is 503 and counted', async () => {
    await application.server[Symbol.asyncDispose]()
    await open('--max-num-queued-reqs 1', 50)
    const first = post('/v1/completions', { ...STREAM, prompt: 'x', max_tokens: 10 })
    await (await first).body?.getReader().read()
    const refused = await post('/v1/completions', { model: 'tiny', prompt: 'x' })
    expect(refused.status).toBe(503)
    expect((await failure(refused)).message).toMatch(/^The engine is currently busy and cannot accept new requests/)
    expect(await sample('vllm:admission_rejections_total{model_name="tiny",reason="max_num_queued_reqs"}')).toBe(1)
  })
})

describe('ends', () => {
  test('a client that leaves frees its blocks and its place, and is in no per-request metric', async () => {
    const leave = new AbortController()
    const response = await fetch(`${url}/v1/completions`, {
      method: 'POST',
      body: JSON.stringify({ ...STREAM, prompt: 'x'.repeat(2_000), max_tokens: 3_000 }),
      signal: leave.signal,
    })
    await response.body?.getReader().read()
    await eventually(async () => (await sample('vllm:num_requests_running')) === 1)
    expect(await sample('vllm:kv_cache_usage_perc')).toBeGreaterThan(0)
    leave.abort()
    await eventually(async () => (await sample('vllm:num_requests_running')) === 0)
    expect(await sample('vllm:kv_cache_usage_perc')).toBe(0)
    expect(application.engine.freeBlocks()).toBe(511)
    expect(await sample('vllm:e2e_request_latency_seconds_count')).toBe(0)
    expect(await sample('vllm:request_success_total{engine="0",finished_reason="abort",model_name="tiny"}')).toBe(0)
  })

  test('a shutdown ends streams with finish reason abort', async () => {
    const response = await post('/v1/chat/completions', { ...CHAT, max_tokens: 3_000 })
    application.driver.shutDown()
    const body = await response.text()
    expect(body).toContain('"finish_reason":"abort"')
    expect(body.endsWith('data: [DONE]\n\n')).toBe(true)
  })

  test('a dead engine breaks streams with an error event', async () => {
    const response = await post('/v1/chat/completions', { ...CHAT, max_tokens: 3_000 })
    application.driver.die()
    expect(await response.text()).toContain('data: {"error":{"message":"EngineCore encountered an issue.')
  })
})

test('measures requests by handler and group of status, and logs them but not probes', async () => {
  await (await post('/v1/chat/completions', CHAT)).text()
  await (await post('/v1/completions', { model: 'nope', prompt: 'x' })).text()
  for (const path of ['/health', '/metrics', '/version', '/load']) expect((await fetch(url + path)).status).toBe(200)
  await eventually(() => access.length === 2)
  expect(await sample('http_requests_total{handler="/v1/chat/completions",method="POST",status="2xx"}')).toBe(1)
  expect(await sample('http_requests_total{handler="/v1/completions",method="POST",status="4xx"}')).toBe(1)
  expect(await sample('http_request_duration_highr_seconds_count')).toBe(2)
  expect(await sample('http_response_size_bytes_sum{handler="/v1/completions"}')).toBe(
    golden('error-404-model.json').trim().length,
  )
  expect(access.map((line) => line.replace(/:\d+ -/, ':PORT -'))).toEqual([
    '127.0.0.1:PORT - "POST /v1/chat/completions HTTP/1.1" 200 OK',
    '127.0.0.1:PORT - "POST /v1/completions HTTP/1.1" 404 Not Found',
  ])
})

// --- Internal helpers ---

/** Without what differs from run to run: ids, times, texts. */
const neutral = (sse: string): string =>
  sse
    .trim()
    .replaceAll(/"id":"(\w+)-[^"]*"/g, '"id":"$1-…"')
    .replaceAll(/"created":\d+/g, '"created":0')
    .replaceAll(/"(content|text)":"[^"]+"/g, '"$1":"…"')

interface Chunk {
  model: string
  choices: { delta?: { content?: string } }[]
}

const events = (sse: string): Chunk[] =>
  sse
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice('data: '.length)))

const Answer = z.object({
  choices: z.tuple([z.object({ message: z.object({ role: z.string(), content: z.string() }) })]),
})
const Failure = z.object({ error: z.object({ message: z.string(), code: z.number() }) })

const failure = async (response: Response): Promise<z.infer<typeof Failure>['error']> =>
  Failure.parse(await response.json()).error

/** One value of /metrics, by the start of its line. */
const sample = async (name: string): Promise<number> => {
  const page = await (await fetch(`${url}/metrics`)).text()
  const line = page.split('\n').find((candidate) => candidate.startsWith(name))
  return Number(line?.slice(line.lastIndexOf(' ') + 1))
}

const over = (agent: Agent, body: unknown): Promise<{ body: string; port: number | undefined }> =>
  new Promise((resolve, reject) => {
    const call = request(`${url}/v1/chat/completions`, { method: 'POST', agent }, (response) => {
      const port = response.socket.localPort
      text(response).then((received) => resolve({ body: received, port }), reject)
    })
    call.on('error', reject).end(JSON.stringify(body))
  })

const eventually = async (check: () => boolean | Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 200; tries++) {
    if (await check()) return
    await delay(10)
  }
  throw new Error('did not happen within two seconds')
}
