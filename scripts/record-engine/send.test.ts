import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { send } from './send.ts'

const REQUEST = { i: 7, planned_s: 0, prompt_tokens: 3, max_tokens: 2 }
const token = 'data: {"choices":[{"text":"a"}]}\n\n'
const usage = 'data: {"choices":[],"usage":{"completion_tokens":2}}\n\ndata: [DONE]\n\n'

/** What a client makes of this answer. */
const sent = async (answer: (response: ServerResponse) => void, more: { timeoutSeconds?: number } = {}) => {
  const server = createServer((request, response) => {
    request.resume().on('end', () => answer(response))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const from = performance.now()
  try {
    return await send(REQUEST, [1, 2, 3], {
      url: `http://127.0.0.1:${port}`,
      model: 'tiny',
      clock: () => (performance.now() - from) / 1_000,
      timeoutSeconds: null,
      signal: new AbortController().signal,
      ...more,
    })
  } finally {
    server.closeAllConnections()
    server.close()
  }
}
const stream = (response: ServerResponse): ServerResponse =>
  response.writeHead(200, { 'content-type': 'text/event-stream' })

test('an answer in full has its tokens, and the times of the first and the last', async () => {
  const row = await sent((response) => void stream(response).end(token + token + usage))
  expect(row).toMatchObject({ i: 7, status: 200, output_tokens: 2, events: 2 })
  expect(row.end_s).toBeGreaterThanOrEqual(row.first_token_s ?? Number.POSITIVE_INFINITY)
  expect(row).not.toHaveProperty('aborted')
})

test('a refused request has its status alone', async () => {
  const row = await sent((response) => void response.writeHead(503).end('{}'))
  expect(row).toMatchObject({ status: 503, output_tokens: null, first_token_s: null, end_s: null })
  expect(row).not.toHaveProperty('aborted')
})

test('a client that gives up is recorded as that, with its end', async () => {
  const row = await sent((response) => void stream(response).write(token), { timeoutSeconds: 0.3 })
  expect(row).toMatchObject({ status: 200, output_tokens: null, events: 1, aborted: true })
  expect(row.first_token_s).toBeLessThan(0.3)
  expect(row.end_s).toBeGreaterThanOrEqual(0.29)
  const silent = await sent(() => {}, { timeoutSeconds: 0.1 })
  expect(silent).toMatchObject({ status: null, first_token_s: null, aborted: true, end_s: expect.any(Number) })
})

test('a stream that breaks, or ends with an error, does not end the recording', async () => {
  const broken = await sent((response) => {
    stream(response).write(token, () => response.destroy())
  })
  expect(broken).toMatchObject({ status: 200, output_tokens: null, aborted: true })
  const failed = await sent((response) => void stream(response).end('data: {"error":{"code":500}}\n\ndata: [DONE]\n\n'))
  expect(failed).toMatchObject({
    status: 200,
    first_token_s: null,
    events: 0,
    aborted: true,
    end_s: expect.any(Number),
  })
})
