import { describe, expect, test } from 'vitest'
import { failure, file, parse, request } from './testing/file.ts'

const nothing = { output_tokens: null, first_token_s: null, end_s: null }
const withOther = (other: object) => parse({ ...file, requests: [request, { ...request, i: 1, ...other }] })

test('requests that the server refused are counted, not replayed', () => {
  expect(withOther({ ...nothing, status: 400 })).toMatchObject({
    leftOut: { refused: 1, withoutEnd: 0 },
    requests: [{ index: 0 }],
    aborted: [],
  })
})

describe('a request that was not answered in full is aborted at its end', () => {
  test.each([
    ['no status', { ...nothing, status: null, end_s: 3 }],
    ["k6's status", { ...nothing, status: 0, end_s: 3 }],
    ['no token', { ...nothing, output_tokens: 0, end_s: 3 }],
    ['a stream that broke', { output_tokens: null, end_s: 3 }],
    ['a client that says so', { aborted: true, end_s: 3 }],
    ['an engine that says so', { finish_reason: 'abort', end_s: 3 }],
  ])('%s', (_, other) => {
    const { requests, aborted, leftOut } = withOther({ ...other, max_tokens: 40 })
    expect(requests).toMatchObject([{ index: 0 }])
    expect(aborted).toEqual([{ index: 1, startMs: 1_000, promptTokens: 10, maxTokens: 40, abortedMs: 3_000 }])
    expect(leftOut).toMatchObject({ refused: 0, withoutEnd: 0 })
  })
})

test.each([
  ['an end', { ...nothing, status: null }],
  ['an end of its stream', { output_tokens: null, end_s: null }],
  ['a start', { ...nothing, status: null, start_s: null }],
])('a request without %s is left out and counted', (_, other) => {
  expect(withOther(other)).toMatchObject({ requests: [{ index: 0 }], aborted: [], leftOut: { withoutEnd: 1 } })
})

test('fields that nobody reads are told, each once', () => {
  const other = { planned_s: 1, cache_salt: 'a', lora: 'b' }
  const requests = [
    { ...request, ...other },
    { ...request, i: 1, ...other },
  ]
  expect(parse({ ...file, pattern: 'mine', chaos: 1, requests }).warnings).toEqual([
    'not known, and not heeded by the replay: cache_salt, lora of requests',
    'not known, and not heeded by the replay: chaos of the file',
  ])
})

test('several answers to one request are refused', () => {
  const error = failure({ ...file, requests: [{ ...request, n: 2 }] })
  expect(error.code).toBe('recording-not-modelled')
  expect(error.message).toMatch(/request 0 with n = 2/)
})

test('priorities are kept; without a policy nobody knows what they did', () => {
  const requests = [{ ...request, priority: 5 }]
  const server = { ...file.server, scheduling_policy: 'priority' }
  expect(parse({ ...file, server, requests })).toMatchObject({
    config: { policy: 'priority' },
    requests: [{ priority: 5 }],
  })
  const error = failure({ ...file, requests })
  expect(error.message).toMatch(/request 0 with priority 5, and no server.scheduling_policy/)
  expect(error.hint).toMatch(/"fcfs" or "priority"/)
})
