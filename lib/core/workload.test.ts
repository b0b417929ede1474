import { expect, test } from 'vitest'
import { z } from 'zod'
import { describeWorkload } from './describe-workload.ts'
import { clampLength, drawLength } from './draw-length.ts'
import { seededRandom } from './random.ts'
import { Workload, type WorkloadInput } from './workload.ts'

const TABLE: [number, number][] = [
  [0, 1],
  [0.5, 100],
  [1, 1_000],
]
const minimal: WorkloadInput = {
  name: 'x',
  summary: 'x',
  endpoint: 'chat',
  promptTokens: { quantiles: TABLE, source: 'here', licence: 'MIT' },
  outputTokens: { fixed: 7 },
  requestTimeout: '1m',
}

const problemsOf = (more: object): string => {
  const parsed = Workload.safeParse({ ...minimal, ...more })
  return parsed.success ? '' : z.prettifyError(parsed.error)
}

test('what is not said: nothing shared, no pause, the server’s tokenizer where it has one', () => {
  expect(Workload.parse(minimal)).toMatchObject({
    sharedPromptTokens: 0,
    thinkTime: { min: 0, max: 0 },
    promptTokenizer: 'auto',
    requestTimeout: 60_000,
  })
})

test.each([
  [{ promptTokens: { min: 5, max: 4 } }, 'expected min to be at most max'],
  [{ promptTokens: 5 }, 'expected token counts as { min, max }, { fixed } or { quantiles, source, licence, clamp? }'],
  [{ outputTokens: { quantiles: TABLE.slice(1), source: 'x', licence: 'x' } }, 'first point at p = 0, found p = 0.5'],
  [
    { outputTokens: { quantiles: [TABLE[0], TABLE[2], TABLE[1], TABLE[2]], source: 'x', licence: 'x' } },
    'never fall, found [1, 1000] before [0.5, 100]',
  ],
  [{ promptTokenizer: 'ids' }, 'a chat takes text only'],
  [
    { endpoint: 'completions', turns: { count: { fixed: 2 }, thinkTime: { min: 0, max: 0 } } },
    'expected endpoint "chat" for several turns',
  ],
  [{ cancel: { share: 0.1 } }, 'expected exactly one of afterTokens and afterTime'],
  [{ slo: {} }, 'expected at least one of ttft, tpot and e2e, found none'],
  [{ typo: 1 }, 'typo'],
])('%j is told what is wrong', (more, problem) => expect(problemsOf(more)).toContain(problem))

test('a clamp moves what is beyond it, draws and trace rows alike', () => {
  const lengths = { quantiles: TABLE, source: 'here', licence: 'MIT', clamp: { min: 50, max: 400 } }
  const random = seededRandom(1)
  const draws = Array.from({ length: 2_000 }, () => drawLength(lengths, random))
  expect([Math.min(...draws), Math.max(...draws)]).toEqual([50, 400])
  expect([1, 77, 9_000].map((tokens) => clampLength(lengths, tokens))).toEqual([50, 77, 400])
})

test('the description says where lengths come from, what a clamp did, and what is not modelled', () => {
  const workload = Workload.parse({
    ...minimal,
    promptTokens: { quantiles: TABLE, source: 'trace X', licence: 'MIT', clamp: { max: 550 } },
    outputTokens: { min: 1, max: 9 },
    prefixes: { count: 10, tokens: 64, skew: 1 },
    turns: { count: { min: 1, max: 5 }, thinkTime: { min: '1s', max: '2s' } },
    cancel: { share: 0.05, afterTime: { min: '1s', max: '20s' } },
    slo: { ttft: '500ms' },
  })
  expect(describeWorkload(workload)).toEqual([
    'prompt tokens mean 300, p50 100, p99 982, at most 1000 (trace X, MIT), clamped: 25.0 % of the draws are cut to 550',
    'output tokens 1 to 9',
    'prompt and output lengths are drawn independently',
    "one of 10 shared prefixes of 64 tokens, drawn by Zipf's law, exponent 1",
    'chats of 1 to 5 turns with scripted answers as history',
    '5.0 % of requests are left by the user after 1s to 20s',
    'promised ttft 500ms',
  ])
})
