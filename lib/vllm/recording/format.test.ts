import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { UserError } from '../../core/errors.ts'
import { parseRecording } from './format.ts'

const row = (t_s: number, preemptions = 0) => ({
  t_s,
  'vllm:num_requests_running': 1,
  'vllm:num_requests_waiting': 0,
  'vllm:kv_cache_usage_perc': 0.5,
  'vllm:num_preemptions_total': preemptions,
  'vllm:prefix_cache_queries_total': 10,
  'vllm:prefix_cache_hits_total': 0,
})
const request = { i: 0, start_s: 1, prompt_tokens: 10, status: 200, output_tokens: 5, first_token_s: 1.5, end_s: 2 }
const server = {
  block_size: 16,
  num_gpu_blocks: 11,
  max_num_seqs: 8,
  max_num_batched_tokens: 64,
  max_model_len: 100,
  prefix_caching: false,
}
const file = { shared_prefix_tokens: 0, server, requests: [request], metrics: [row(0), row(1, 3)] }

const parse = (content: unknown) => parseRecording(JSON.stringify(content), 'mine')
const failure = (content: unknown): UserError => {
  try {
    parse(content)
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error('it was taken')
}

test('seconds become milliseconds, and times their order', () => {
  const later = { ...request, i: 1, start_s: 0.5, first_token_s: 0.7 }
  const recording = parse({ ...file, requests: [request, later], metrics: [row(2), row(0.25)] })
  expect(recording.requests.map(({ index, startMs }) => [index, startMs])).toEqual([
    [1, 500],
    [0, 1_000],
  ])
  expect(recording.scrapes.map(({ atMs }) => atMs)).toEqual([250, 2_000])
  expect(recording.config).toMatchObject({ blockSize: 16, enablePrefixCaching: false })
})

test('requests that the server refused are counted, not replayed', () => {
  const refused = { ...request, i: 1, status: 400, output_tokens: null, first_token_s: null, end_s: null }
  expect(parse({ ...file, requests: [request, refused] })).toMatchObject({ refused: 1, requests: [{ index: 0 }] })
})

test('a recording of a real vLLM is read whole', () => {
  const text = readFileSync(new URL('../fixtures/vllm-0.32.0/climb.json', import.meta.url), 'utf8')
  expect(parseRecording(text, 'climb').requests).toHaveLength(160)
})

describe('what is no recording is refused, with what was found and what to do', () => {
  test.each([
    ['another JSON', { a: 1 }, /requests/],
    ['no requests', { ...file, requests: [] }, /requests/],
    ['no answers', { ...file, requests: [{ ...request, status: 500 }] }, /none of them with status 200/],
    ['one scrape', { ...file, metrics: [row(0)] }, /metrics/],
    ['a scrape without a gauge', { ...file, metrics: [row(0), { t_s: 1 }] }, /num_requests_running/],
    ['an answer without an end', { ...file, requests: [{ ...request, end_s: null }] }, /request 0 with status 200/],
    ['an answer before its request', { ...file, requests: [{ ...request, first_token_s: 0.5 }] }, /starts at 1 s/],
    ['more than the server holds', { ...file, requests: [{ ...request, prompt_tokens: 99 }] }, /99 \+ 5 tokens/],
  ])('%s', (_, content, found) => {
    const error = failure(content)
    expect(error).toMatchObject({ code: 'not-a-recording', exitCode: 64 })
    expect(error.message).toMatch(/^expected a recording of a vLLM server in mine, found/)
    expect(error.message).toMatch(found)
    expect(error.hint).toContain('docs/engine.md')
  })

  test('no JSON', () => {
    expect(() => parseRecording('{', 'mine')).toThrow(/no JSON/)
  })
})
