import { describe, expect, test } from 'vitest'
import { openServer } from '../testing/open-server.ts'

const BODY = { model: 'tiny', prompt: 'hello', max_tokens: 2 }

/** As a real vLLM 0.32.0 answered with `--api-key k1 k2`. */
describe('--api-key', () => {
  test.each([
    ['GET', '/v1/models', {}, 401],
    ['GET', '/v1/models', { authorization: 'Bearer k1' }, 200],
    ['GET', '/v1/models', { authorization: 'bearer k2' }, 200],
    ['GET', '/v1/models', { authorization: 'Bearer zz' }, 401],
    ['GET', '/v1/models', { authorization: 'Basic k1' }, 401],
    ['GET', '/v1/nothing', {}, 401],
    ['OPTIONS', '/v1/models', {}, 405],
    ['GET', '/health', {}, 200],
    ['GET', '/metrics', {}, 200],
    ['GET', '/load', {}, 200],
  ])('%s %s with %j is %d', async (method, path, headers, status) => {
    await using server = await openServer({ arguments: '--api-key k1 k2' })
    const answer = await fetch(server.url + path, { method, headers })
    expect(answer.status).toBe(status)
    if (status === 401) {
      expect(await answer.text()).toBe('{"error":"Unauthorized"}')
      expect(answer.headers.get('content-type')).toBe('application/json')
    }
  })

  test('refused requests are logged, and in no metric', async () => {
    await using server = await openServer({ arguments: '--api-key k1' })
    await server.post('/v1/completions', BODY)
    expect(server.access[0]).toMatch(/ - "POST \/v1\/completions HTTP\/1\.1" 401 Unauthorized$/)
    expect(await (await fetch(`${server.url}/metrics`)).text()).not.toContain('http_requests_total{')
    expect((await server.post('/v1/completions', BODY, { authorization: 'Bearer k1' })).status).toBe(200)
  })

  test('wins over VLLM_API_KEY, which is the key without it', async () => {
    await using both = await openServer({ arguments: '--api-key k1', apiKey: 'k2' })
    expect((await both.post('/v1/completions', BODY, { authorization: 'Bearer k2' })).status).toBe(401)
    await using only = await openServer({ apiKey: 'k2' })
    expect((await only.post('/v1/completions', BODY, { authorization: 'Bearer k2' })).status).toBe(200)
    expect((await only.post('/v1/completions', BODY)).status).toBe(401)
  })
})
