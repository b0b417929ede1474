import { expect, test } from 'vitest'
import { file, parse, request, row, server } from './testing/file.ts'

const caching = { ...server, prefix_caching: true }
const at = (i: number, start_s: number) => ({
  ...request,
  i,
  start_s,
  prompt_tokens: 50,
  first_token_s: start_s + 0.5,
  end_s: start_s + 1,
})
/** The second and the third share 32 tokens; the counter goes on from 1000. */
const warnings = (hits: readonly number[], more = {}) =>
  parse({
    shared_prefix_tokens: 40,
    server: { ...caching, ...more },
    requests: [at(0, 0), at(1, 2), at(2, 4)],
    metrics: hits.map((count, index) => row(index, 0, 1_000 + count)),
  }).warnings

test('hits that an empty cache allows are no sign of a warm one', () => {
  expect(warnings([0, 0, 0, 0, 0, 32, 32])).toEqual([])
  expect(parse(file).warnings).toEqual([])
})

test.each([
  ['before anybody shared anything', [0, 16, 16, 16, 16, 16], '16 hit tokens by 1 s, where an empty one allows 0'],
  ['of the first that shares', [0, 0, 0, 32, 32, 64], '64 hit tokens by 5 s, where an empty one allows 32'],
  ['beyond the shared blocks', [0, 0, 0, 0, 0, 48], '48 hit tokens by 5 s, where an empty one allows 32'],
])('hits %s are', (_, hits, found) => {
  expect(warnings(hits)).toEqual([expect.stringContaining(`warm prefix cache: ${found}`)])
})

test('a gap before the next request tells it at once', () => {
  const { warnings: told } = parse({
    shared_prefix_tokens: 40,
    server: caching,
    requests: [at(1, 0), at(2, 9)],
    metrics: [row(-1), row(1, 0, 32), row(2, 0, 32), row(10, 0, 64)],
  })
  expect(told).toEqual([expect.stringContaining('32 hit tokens by 1 s, where an empty one allows 0')])
})
