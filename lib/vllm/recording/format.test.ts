import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseRecording } from './format.ts'
import { failure, file, parse, request, row, server } from './testing/file.ts'

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

test('a recording of a real vLLM is read whole, without a warning', () => {
  const text = readFileSync(new URL('../fixtures/vllm-0.32.0/climb.json', import.meta.url), 'utf8')
  const { requests, aborted, leftOut, warnings } = parseRecording(text, 'climb')
  expect(requests).toHaveLength(160)
  expect({ aborted, leftOut, warnings }).toEqual({
    aborted: [],
    leftOut: { refused: 0, withoutEnd: 0, scrapes: 0 },
    warnings: [],
  })
})

test('a scrape without one of the values is left out and counted', () => {
  const blank = { ...row(0.5), 'vllm:kv_cache_usage_perc': null }
  const { scrapes, leftOut } = parse({ ...file, metrics: [row(0), blank, { t_s: 0.7 }, row(1)] })
  expect(scrapes.map(({ atMs }) => atMs)).toEqual([0, 1_000])
  expect(leftOut.scrapes).toBe(2)
})

test('the last token needs no KV block, and no more of the server than its limit', () => {
  // 10 blocks of 16 tokens; one is the null block.
  const long = { ...server, max_model_len: 1_000 }
  expect(parse({ ...file, server: long, requests: [{ ...request, prompt_tokens: 156 }] }).requests).toHaveLength(1)
  expect(failure({ ...file, server: long, requests: [{ ...request, prompt_tokens: 157 }] }).message).toMatch(
    /allow 161/,
  )
  expect(parse({ ...file, requests: [{ ...request, prompt_tokens: 95 }] }).requests).toHaveLength(1)
  expect(failure({ ...file, requests: [{ ...request, prompt_tokens: 96 }] }).message).toMatch(/allow 100/)
})

describe('what is no recording is refused, with what was found and what to do', () => {
  test.each([
    ['another JSON', { a: 1 }, /requests/],
    ['no requests', { ...file, requests: [] }, /requests/],
    ['no answers', { ...file, requests: [{ ...request, status: 500 }] }, /none of them with status 200/],
    ['no whole answer', { ...file, requests: [{ ...request, end_s: null }] }, /none of them .* answered in full/],
    ['one scrape', { ...file, metrics: [row(0)] }, /metrics/],
    [
      'scrapes without a gauge',
      { ...file, metrics: [row(0), { t_s: 1 }] },
      /1 whole scrapes of 2.*num_requests_running/,
    ],
    [
      'a gauge that is no number',
      { ...file, metrics: [row(0), { ...row(1), 'vllm:num_requests_running': '1' }] },
      /running/,
    ],
    ['a counter that falls', { ...file, metrics: [row(0, 3), row(1, 2)] }, /preemptions_total.* from 3 to 2 at 1 s/],
    ['an answer before its request', { ...file, requests: [{ ...request, first_token_s: 0.5 }] }, /starts at 1 s/],
    [
      'an end before its request',
      { ...file, requests: [request, { ...request, i: 1, status: null, end_s: 0.5 }] },
      /ends at/,
    ],
    ['more than the server holds', { ...file, requests: [{ ...request, prompt_tokens: 99 }] }, /99 \+ 5 tokens/],
    ['one index twice', { ...file, requests: [request, request] }, /two requests with i = 0/],
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
