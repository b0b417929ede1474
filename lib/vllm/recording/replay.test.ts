import { expect, test } from 'vitest'
import { stepTime } from '../hardware/step-cost.ts'
import type { Coefficients } from './coefficients.ts'
import { replayErrors } from './errors.ts'
import type { RecordedRequest, Recording, Scrape } from './recording.ts'
import { replay } from './replay.ts'

const COST: Coefficients = {
  baseMs: 10,
  prefillMs: 1,
  pairMs: 0,
  decodeMs: 0,
  contextMs: 0,
  crowdMs: 0,
  waitingMs: 0,
  requestMs: 3,
  replyMs: 2,
}
const scrape = (atMs: number): Scrape => ({
  atMs,
  running: 0,
  waiting: 0,
  kvCacheUsage: 0,
  preemptions: 0,
  prefixQueries: 0,
  prefixHits: 0,
})
const request = (index: number, startMs: number, promptTokens = 20, outputTokens = 3): RecordedRequest => ({
  index,
  startMs,
  promptTokens,
  outputTokens,
  firstTokenMs: startMs + 35,
  endMs: startMs + 55,
})
const recording = (requests: RecordedRequest[], more: Partial<Recording> = {}): Recording => ({
  name: 'made',
  config: {
    blockSize: 16,
    numGpuBlocks: 11,
    maxModelLen: 100,
    maxNumSeqs: 1,
    maxNumBatchedTokens: 64,
    enablePrefixCaching: true,
  },
  sharedPrefixTokens: 0,
  requests,
  refused: 0,
  scrapes: [scrape(0), scrape(1_000)],
  ...more,
})
const play = (one: Recording, cost = COST) => replay(one, stepTime(cost), cost)

test('one request takes its way to the engine, a prefill, a step per token and the way back', () => {
  const made = recording([request(0, 100)])
  // 3 to the engine, 10 + 20 for the prefill, 10 for each further token, 2 back.
  expect(play(made).requests).toEqual([{ firstTokenMs: 135, endMs: 155 }])
  expect(replayErrors(made, play(made))).toMatchObject({ ttftP50: 0, e2eP95: 0, running: 0 })
})

test('gauges are what the last finished step left, told after the reply', () => {
  const made = recording([request(0, 0), request(1, 1)], { scrapes: [0, 34, 35, 56, 86, 200].map(scrape) })
  const { gauges } = play(made)
  expect(gauges.map(({ running, waiting }) => [running, waiting])).toEqual([
    [0, 0],
    [0, 0],
    // The second one came during the step: the engine hears of it after it.
    [1, 0],
    [0, 1],
    [1, 0],
    [0, 0],
  ])
  expect(gauges[2]?.kvCacheUsage).toBeCloseTo(0.2)
})

test('who waits costs what waitingMs says', () => {
  const made = recording([request(0, 0), request(1, 1)])
  const [first] = play(made, { ...COST, waitingMs: 5 }).requests
  // It arrives during the prefill, and waits during the two steps after it.
  expect(first).toEqual({ firstTokenMs: 35, endMs: 65 })
})

test('only requests whose index is no multiple of three share the prefix', () => {
  const requests = [0, 1, 2, 3].map((index) => request(index, index * 1_000, 40))
  const { prefixHits, prefixQueries } = play(recording(requests, { sharedPrefixTokens: 32 }))
  expect({ prefixHits, prefixQueries }).toEqual({ prefixHits: 32, prefixQueries: 160 })
})

test('counts of a recording that has none are told as they are', () => {
  const made = recording([request(0, 0)])
  const errors = replayErrors(made, { ...play(made), preemptions: 4, prefixHits: 7 })
  expect(errors).toMatchObject({ preemptions: 4, hitTokens: 7 })
})
