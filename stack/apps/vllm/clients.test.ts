import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from './testing/eventually.ts'
import { openServer, type TestServer } from './testing/open-server.ts'

let server: TestServer
let sockets: Socket[]
beforeEach(async () => {
  sockets = []
  server = await openServer({ arguments: '--num-gpu-blocks-override 4096' })
  server.application.server.on('connection', (socket) => sockets.push(socket))
})
afterEach(() => server[Symbol.asyncDispose]())

const STREAM = { model: 'tiny', stream: true, ignore_eos: true }

const open = async (body: object): Promise<{ leave: AbortController; response: Response }> => {
  const leave = new AbortController()
  const response = await fetch(`${server.url}/v1/completions`, {
    method: 'POST',
    body: JSON.stringify({ ...STREAM, ...body }),
    headers: { 'content-type': 'application/json' },
    signal: leave.signal,
  })
  return { leave, response }
}

/** A request written by hand, whose client reads when it likes. */
const raw = (body: object): Socket => {
  const { port } = new URL(server.url)
  const socket = connect(Number(port), '127.0.0.1')
  const text = JSON.stringify({ ...STREAM, ...body })
  socket.write(
    `POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
  )
  return socket
}

describe('a client that leaves', () => {
  test('frees its blocks and its place, and is in no per-request metric', async () => {
    const { leave, response } = await open({ prompt: 'x'.repeat(2_000), max_tokens: 3_000 })
    await response.body?.getReader().read()
    await eventually(async () => (await server.sample('vllm:num_requests_running')) === 1)
    expect(await server.sample('vllm:kv_cache_usage_perc')).toBeGreaterThan(0)
    leave.abort()
    await eventually(async () => (await server.sample('vllm:num_requests_running')) === 0)
    expect(await server.sample('vllm:kv_cache_usage_perc')).toBe(0)
    expect(server.application.engine.freeBlocks()).toBe(4_095)
    expect(await server.sample('vllm:e2e_request_latency_seconds_count')).toBe(0)
    const aborted = 'vllm:request_success_total{engine="0",finished_reason="abort",model_name="tiny"}'
    expect(await server.sample(aborted)).toBe(0)
  })

  test('takes all of its choices along, and one that waits for the whole answer leaves as well', async () => {
    const { leave, response } = await open({ prompt: 'x', n: 4, max_tokens: 3_000 })
    await response.body?.getReader().read()
    await eventually(async () => (await server.sample('vllm:num_requests_running')) === 4)
    leave.abort()
    await eventually(async () => (await server.sample('vllm:num_requests_running')) === 0)
    const whole = new AbortController()
    const answer = fetch(`${server.url}/v1/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'tiny', prompt: 'x', max_tokens: 3_000, ignore_eos: true }),
      headers: { 'content-type': 'application/json' },
      signal: whole.signal,
    }).catch(() => 'left')
    await eventually(async () => (await server.sample('vllm:num_requests_running')) === 1)
    whole.abort()
    expect(await answer).toBe('left')
    await eventually(() => server.application.driver.unfinished() === 0)
    // Its answer had no headers yet: the middleware's first status counts.
    await eventually(
      async () =>
        (await server.sample('http_requests_total{handler="/v1/completions",method="POST",status="5xx"}')) === 1,
    )
  })

  test('while its body is read costs nothing', async () => {
    const { port } = new URL(server.url)
    const socket = connect(Number(port), '127.0.0.1')
    socket.write(
      'POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{',
    )
    await delay(50)
    socket.destroy()
    await delay(50)
    expect(server.application.driver.unfinished()).toBe(0)
    expect((await fetch(`${server.url}/health`)).status).toBe(200)
  })
})

describe('a client that reads slowly', () => {
  test(
    'holds nothing up, is not buffered for without end, and gets every token in the end',
    { timeout: 30_000 },
    async () => {
      // More than the kernel keeps for a socket: some 15 MB.
      const [choices, tokens] = [24, 3_000]
      const asked = { prompt: 'x', n: choices, max_tokens: tokens, stream_options: { include_usage: true } }
      const slow = raw(asked)
      slow.pause()
      // Another client is served meanwhile, and the slow one's request ends in the engine.
      await (await server.post('/v1/completions', { model: 'tiny', prompt: 'y', max_tokens: 10 })).text()
      await eventually(() => server.application.driver.unfinished() === 0, 20_000)
      expect(unsent()).toBeGreaterThan(0)
      expect(unsent()).toBeLessThan(600_000)
      let text = ''
      slow.setEncoding('latin1').on('data', (part: string) => {
        text += part
      })
      slow.resume()
      await eventually(() => text.includes('data: [DONE]'), 10_000)
      slow.destroy()
      const events = [...text.matchAll(/"text":"([^"]*)"/g)].map(([, piece = '']) => piece)
      expect(events.join('').length).toBe(4 * tokens * choices)
      // What gathered while it did not read came in one piece.
      expect(Math.max(...events.map(({ length }) => length))).toBeGreaterThan(400)
      expect(text).toContain(`"completion_tokens":${tokens * choices}`)
    },
  )
})

describe('a body', () => {
  test.each([
    ['of 65 MiB', 'x'.repeat(65 * 2 ** 20), 413],
    ['nested a hundred thousand deep', `{"prompt":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 400],
    ['of nothing but braces', '{'.repeat(10_000), 400],
    ['in no encoding', '\u0000\uFFFD', 400],
    ['with a key of the prototype', '{"__proto__":{"model":"x"},"prompt":"x","max_tokens":1}', 200],
    ['with numbers beyond all', '{"prompt":"x","max_tokens":1e400}', 400],
    ['with a number that is none', '{"prompt":"x","max_tokens":NaN}', 400],
  ])('%s', { timeout: 20_000 }, async (_, prompt, status) => {
    const body = status === 413 ? JSON.stringify({ prompt }) : prompt
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${server.url}/v1/completions`, { method: 'POST', body, headers }).catch(() => null)
    // A body that is too large may be cut off before all of it was sent.
    if (answer === null) expect(status).toBe(413)
    else expect(answer.status).toBe(status)
    expect((await fetch(`${server.url}/health`)).status).toBe(200)
    expect(server.application.driver.unfinished()).toBe(0)
  })
})

// --- Internal helpers ---

/** What is written to clients and not yet taken, at most by one of them. */
const unsent = (): number =>
  Math.max(0, ...sockets.map(({ destroyed, writableLength }) => (destroyed ? 0 : writableLength)))
