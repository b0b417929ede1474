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
  aborted: [],
  leftOut: { refused: 0, withoutEnd: 0, scrapes: 0 },
  warnings: [],
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
  const scrapes = [scrape(0), scrape(5_000)]
  const { prefixHits, prefixQueries } = play(recording(requests, { sharedPrefixTokens: 32, scrapes }))
  expect({ prefixHits, prefixQueries }).toEqual({ prefixHits: 32, prefixQueries: 160 })
})

test('counts of a recording that has none are told as they are', () => {
  const made = recording([request(0, 0)])
  const errors = replayErrors(made, { ...play(made), preemptions: 4, prefixHits: 7 })
  expect(errors).toMatchObject({ preemptions: 4, hitTokens: 7 })
})

test('counts are from the first scrape to the last, as those of a recording', () => {
  const requests = [1, 2, 4, 5].map((index, place) => request(index, place * 1_000, 40))
  const hitsBetween = (from: number, to: number): number =>
    play(recording(requests, { sharedPrefixTokens: 32, scrapes: [scrape(from), scrape(to)] })).prefixHits
  expect(hitsBetween(0, 5_000)).toBe(96)
  expect(hitsBetween(1_500, 5_000)).toBe(64)
  expect(hitsBetween(1_500, 2_500)).toBe(32)
})

test('preemptions after the last scrape are not counted', () => {
  // Both fit at first, and grow until there is no block left.
  const config = { ...recording([]).config, maxNumSeqs: 2 }
  const requests = [request(0, 0, 70, 20), request(1, 1, 70, 20)]
  const until = (atMs: number): number =>
    play(recording(requests, { config, scrapes: [scrape(0), scrape(atMs)] })).preemptions
  expect(until(10_000)).toBe(1)
  expect(until(150)).toBe(0)
})

test('a client that leaves makes room for the next', () => {
  const abandoned = { index: 1, startMs: 1, promptTokens: 20, maxTokens: 50, abortedMs: 100 }
  const made = recording([request(0, 0), request(2, 2)], { aborted: [abandoned] })
  const { requests } = play(made)
  // 35 and 55 as ever; then the one that leaves has the only seat until 103, a step ends at 105.
  expect(requests[0]).toEqual({ firstTokenMs: 35, endMs: 55 })
  const withoutAbort = play(recording([request(0, 0), request(2, 2)])).requests[1]
  expect(withoutAbort?.firstTokenMs).toBe(85)
  expect(requests[1]?.firstTokenMs).toBe(135)
  const latest = play(recording([request(0, 0), request(2, 2)], { aborted: [{ ...abandoned, abortedMs: 9_000 }] }))
  expect(latest.requests[1]?.firstTokenMs).toBeGreaterThan(500)
})

test('a client that leaves before its request is looked at takes nothing', () => {
  const gone = { index: 1, startMs: 1, promptTokens: 20, maxTokens: 50, abortedMs: 1 }
  const { requests, gauges } = play(
    recording([request(0, 0), request(2, 2)], { aborted: [gone], scrapes: [scrape(0), scrape(50)] }),
  )
  expect(requests[1]).toEqual({ firstTokenMs: 85, endMs: 105 })
  expect(gauges[1]).toMatchObject({ running: 1, waiting: 1 })
})

test('a client that leaves when nothing else runs is seen in the gauges', () => {
  const alone = { index: 1, startMs: 1_000, promptTokens: 20, maxTokens: 1_000, abortedMs: 1_200 }
  const scrapes = [0, 1_150, 1_300, 2_000].map(scrape)
  const { gauges } = play(recording([request(0, 0)], { aborted: [alone], scrapes }))
  expect(gauges.map(({ running }) => running)).toEqual([0, 1, 0, 0])
})

test('the more important comes first where the policy says so', () => {
  const requests = [request(0, 0), { ...request(1, 1), priority: 5 }, { ...request(2, 2), priority: 1 }]
  const firsts = (policy: 'fcfs' | 'priority'): number[] =>
    play(recording(requests, { config: { ...recording([]).config, policy } })).requests.map((one) => one.firstTokenMs)
  expect(firsts('fcfs')).toEqual([35, 85, 135])
  expect(firsts('priority')).toEqual([35, 135, 85])
})

test('a request of the most tokens that the blocks hold ends; of one more it never would', () => {
  // 10 blocks of 16 tokens, and a last token without KV.
  const config = { ...recording([]).config, maxModelLen: 1_000 }
  const [only] = play(recording([request(0, 0, 157, 4)], { config })).requests
  expect(only?.endMs).toBeGreaterThan(0)
  expect(() => play(recording([request(0, 0, 161, 1)], { config }))).toThrow(/1 requests wait for what never comes/)
})

test('of a recording whose own latency is 0 no share is told', () => {
  const made = recording([{ ...request(0, 0), firstTokenMs: 0 }])
  const errors = replayErrors(made, play(made))
  expect(errors).toMatchObject({ ttftP50: null, ttftP95: null })
  expect(errors.e2eP50).toBe(0)
})

test('a client that leaves during a step is gone from the gauges at its end', () => {
  const config = { ...recording([]).config, maxNumSeqs: 2 }
  const leaving = { index: 1, startMs: 1, promptTokens: 20, maxTokens: 50, abortedMs: 75 }
  const scrapes = [0, 80, 86].map(scrape)
  const { gauges } = play(recording([request(0, 0, 20, 20)], { config, aborted: [leaving], scrapes }))
  // Steps end at 33, 63, 73, 83; the engine hears of it at 78.
  expect(gauges.map(({ running }) => running)).toEqual([0, 2, 1])
})
