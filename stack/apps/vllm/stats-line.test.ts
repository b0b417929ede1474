import { describe, expect, test } from 'vitest'
import { createHitRate, type LookupCounters } from './hit-rate.ts'
import { createStatsLine, type StatsLine, type TokenTotals } from './stats-line.ts'
import { openServer } from './testing/open-server.ts'
import { eventually } from './testing/eventually.ts'
import { PROCESS_TIMEOUT_MS, startVllm } from './testing/process.ts'

const totals = (promptTokens: number, cachedPromptTokens: number, generationTokens: number): TokenTotals => ({
  promptTokens,
  cachedPromptTokens,
  generationTokens,
})

const lookups = (requests: number, queries: number, hits: number, resets = 0): LookupCounters => ({
  prefixCacheRequests: requests,
  prefixCacheQueries: queries,
  prefixCacheHits: hits,
  prefixCacheResets: resets,
})

const observed = (line: StatsLine, preemptions: number): void =>
  line.observe({ running: 3, waiting: 2, kvCacheUsage: 0.5255, ...lookups(4, 400, 100), preemptions })

describe('the line of ten seconds', () => {
  test('has the rates of the time since the last, without what the cache supplied', () => {
    const line = createStatsLine({ device: 'CPU', countsCached: false })
    observed(line, 2)
    expect(line.next(totals(1_000, 400, 250), 10)).toBe(
      'Engine 000: Avg prompt throughput: 60.0 tokens/s, Avg generation throughput: 25.0 tokens/s, Running: 3 reqs, ' +
        'Waiting: 2 reqs, Preemptions: 2, CPU KV cache usage: 52.5%, Prefix cache hit rate: 25.0%',
    )
    expect(line.next(totals(1_100, 400, 350), 20)).toMatch(
      /^Engine 000: Avg prompt throughput: 5\.0 tokens\/s, Avg generation throughput: 5\.0 tokens\/s, Running: 3 reqs, Waiting: 2 reqs, CPU/,
    )
  })

  test('says nothing of a cache that nobody asked, and counts all of the prompts before 0.16', () => {
    const line = createStatsLine({ device: 'GPU', countsCached: true })
    expect(line.next(totals(1_000, 400, 250), 10)).toBe(
      'Engine 000: Avg prompt throughput: 100.0 tokens/s, Avg generation throughput: 25.0 tokens/s, Running: 0 reqs, ' +
        'Waiting: 0 reqs, GPU KV cache usage: 0.0%',
    )
  })

  test('comes once more when nothing happens any more, and then not, until something does', () => {
    const line = createStatsLine({ device: 'GPU', countsCached: false })
    const none = totals(0, 0, 0)
    expect(line.next(none, 10)).toBe(null)
    // A token in half a minute is shown as 0.0, and is not nothing.
    const one = totals(0, 0, 1)
    const shown = [one, one, one, totals(0, 0, 151)].map((now) => line.next(now, 30)?.replace(/ Running.*/, '') ?? null)
    const rate = (tokens: string): string =>
      `Engine 000: Avg prompt throughput: 0.0 tokens/s, Avg generation throughput: ${tokens} tokens/s,`
    expect(shown).toEqual([rate('0.0'), rate('0.0'), null, rate('5.0')])
  })

  test('of a server whose prompts are all cached', async () => {
    await using server = await openServer()
    const prompt = Array.from({ length: 1_000 }, (_, index) => 20 + index)
    const body = { model: 'tiny', prompt, max_tokens: 2, ignore_eos: true }
    const { statsLine, metrics } = server.application
    const next = (): string | null => statsLine.next(metrics.totals(), 1)
    await (await server.post('/v1/completions', body)).text()
    expect(next()).toMatch(/prompt throughput: 1000\.0 tokens.*, Prefix cache hit rate: 0\.0%$/)
    await (await server.post('/v1/completions', body)).text()
    expect(next()).toMatch(
      /prompt throughput: 8\.0 tokens.*, GPU KV cache usage: 0\.0%, Prefix cache hit rate: 49\.6%$/,
    )
  })

  test('is in the log of the process', { timeout: PROCESS_TIMEOUT_MS }, async () => {
    await using vllm = await startVllm([], { VLLM_LOG_STATS_INTERVAL: '0.2' })
    await vllm.ready()
    await (await vllm.ask({ max_tokens: 3 })).text()
    const LINE =
      /^\(APIServer pid=\d+\) INFO [\d-]+ [\d:]+ \[loggers\.py:335\] Engine 000: Avg prompt throughput: [\d.]+ tokens\/s/m
    await eventually(() => LINE.test(vllm.log()), 5_000)
  })
})

describe('the hit rate', () => {
  test('looks back a thousand requests, by whole steps', () => {
    const rate = createHitRate()
    expect(rate.value()).toBe(null)
    rate.observe(lookups(600, 6_000, 6_000))
    rate.observe(lookups(600, 6_000, 6_000))
    expect(rate.value()).toBe(1)
    rate.observe(lookups(1_000, 10_000, 6_000))
    expect(rate.value()).toBe(0.6)
    rate.observe(lookups(1_001, 10_010, 6_000))
    expect(rate.value()).toBe(0)
    // One step is never cut.
    rate.observe(lookups(3_001, 30_010, 16_000))
    expect(rate.value()).toBe(0.5)
  })

  test('begins anew when the cache is emptied', () => {
    const rate = createHitRate()
    rate.observe(lookups(10, 100, 90))
    rate.observe(lookups(11, 110, 90, 1))
    expect(rate.value()).toBe(0)
    rate.observe(lookups(11, 110, 90, 2))
    expect(rate.value()).toBe(null)
  })
})
