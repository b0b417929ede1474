import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../testing/eventually.ts'
import { openServer, type TestServer } from '../testing/open-server.ts'

let server: TestServer
beforeEach(async () => {
  server = await openServer({ stepFloorMs: 2, arguments: '--enable-server-load-tracking' })
})
afterEach(() => server[Symbol.asyncDispose]())

const load = async (): Promise<unknown> => (await fetch(`${server.url}/load`)).json()
const isLoad = (expected: number): Promise<void> =>
  eventually(async () => JSON.stringify(await load()) === JSON.stringify({ server_load: expected }))

const BODY = { model: 'tiny', prompt: ['a b c', 'd e f'], n: 4, temperature: 1, max_tokens: 100, ignore_eos: true }

test('/load counts requests, not their prompts and choices', async () => {
  const answer = server.post('/v1/completions', BODY)
  await eventually(async () => (await server.sample('vllm:num_requests_running')) === 8)
  expect(await load()).toEqual({ server_load: 1 })
  await (await answer).text()
  await isLoad(0)
})

test.each([true, false])('a client that leaves is counted no more (stream: %s)', async (stream) => {
  const leave = new AbortController()
  const gone = fetch(`${server.url}/v1/completions`, {
    method: 'POST',
    body: JSON.stringify({ ...BODY, max_tokens: 2_000, stream }),
    headers: { 'content-type': 'application/json' },
    signal: leave.signal,
  })
    .then((answer) => answer.text())
    .catch(() => 'left')
  await isLoad(1)
  leave.abort()
  expect(await gone).toBe('left')
  await isLoad(0)
})

test('what is refused is over at once, and without the argument nothing is counted', async () => {
  await server.post('/v1/completions', { ...BODY, model: 'other' })
  await server.post('/v1/completions', { ...BODY, temperature: 'warm' })
  await isLoad(0)
  await using untracked = await openServer({ stepFloorMs: 2 })
  const answer = untracked.post('/v1/completions', BODY)
  await eventually(async () => (await untracked.sample('vllm:num_requests_running')) === 8)
  expect(await (await fetch(`${untracked.url}/load`)).json()).toEqual({ server_load: 0 })
  await (await answer).text()
})
