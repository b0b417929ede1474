import { describe, expect, test } from 'vitest'
import { failure, file, parse, request, server } from './testing/file.ts'

const parseServer = (more: object) => parse({ ...file, server: { ...server, ...more } })
const refused = (more: object) => failure({ ...file, server: { ...server, ...more } })

test('options of the scheduler reach the engine', () => {
  const options = {
    scheduling_policy: 'priority',
    long_prefill_token_threshold: 32,
    chunked_prefill: false,
    watermark: 0.1,
  }
  expect(parseServer(options).config).toMatchObject({
    policy: 'priority',
    longPrefillTokenThreshold: 32,
    enableChunkedPrefill: false,
    watermark: 0.1,
  })
  expect(parseServer({}).config).toMatchObject({
    policy: 'fcfs',
    longPrefillTokenThreshold: 0,
    enableChunkedPrefill: true,
    watermark: 0,
  })
  expect(refused({ scheduling_policy: 'shortest' }).message).toMatch(/scheduling_policy/)
})

test.each([
  ['0.32.0 (CPU build, one core)', true],
  ['0.19.0', true],
  ['v0.18.1', false],
  ['vllm 0.10.2+cpu', false],
])('of vLLM %s an admission reserves the whole prompt: %s', (vllm, reserveFullPrompt) => {
  const { config, warnings } = parseServer({ vllm })
  expect(config.reserveFullPrompt).toBe(reserveFullPrompt)
  expect(warnings).toEqual([])
  expect(parseServer({ vllm, scheduler_reserve_full_isl: !reserveFullPrompt }).config.reserveFullPrompt).toBe(
    !reserveFullPrompt,
  )
})

test.each([
  ['unknown', 'found "unknown"'],
  ['0.40.1', 'found "0.40.1"'],
  [null, 'found none'],
])('a version that is not known (%s) is told, and taken for the last', (vllm, found) => {
  const { config, warnings } = parseServer({ vllm })
  expect(config.reserveFullPrompt).toBe(true)
  expect(warnings).toEqual([expect.stringContaining(`${found}: replayed as 0.32.0`)])
})

test('the engine before V1 is refused', () => {
  expect(refused({ vllm: '0.7.3' })).toMatchObject({
    code: 'recording-not-modelled',
    exitCode: 64,
    message: expect.stringContaining('whose engine is V0'),
  })
})

describe('what the model does not do is refused where it is on', () => {
  test.each([
    ['async_scheduling', true, false],
    ['speculative_config', { method: 'ngram' }, null],
    ['data_parallel_size', 2, 1],
  ])('%s', (option, on, off) => {
    const error = refused({ [option]: on })
    expect(error).toMatchObject({ code: 'recording-not-modelled', exitCode: 64 })
    expect(error.message).toContain(`found server.${option} = ${JSON.stringify(on)}`)
    expect(error.hint).toContain('docs/engine.md')
    expect(parseServer({ [option]: off }).warnings).toEqual([])
  })
})

test('an option that nobody knows is told', () => {
  expect(parseServer({ model: 'llama', kv_cache_dtype: 'fp8', hma: true }).warnings).toEqual([
    'not known, and not heeded by the replay: kv_cache_dtype, hma of server',
  ])
})

test('a prompt that fits no step is refused where prompts are not cut', () => {
  const requests = [{ ...request, prompt_tokens: 61 }]
  const uncut = { ...server, chunked_prefill: false }
  const error = failure({ ...file, server: uncut, requests })
  expect(error.message).toMatch(/request 0 of 61 \+ 5 tokens, with chunked prefill off and 64 tokens in a step/)
  expect(error.hint).toMatch(/chunked_prefill/)
  expect(parse({ ...file, requests }).requests).toHaveLength(1)
  expect(parse({ ...file, server: uncut, requests: [{ ...request, prompt_tokens: 60 }] }).requests).toHaveLength(1)
})
