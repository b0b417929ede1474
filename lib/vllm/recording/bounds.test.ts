import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { cpu } from '../hardware/presets.ts'
import { judge, likeOf, loosen, notJudged, waitingShare } from './bounds.ts'
import { boundText, errorText } from './error-text.ts'
import type { ReplayErrors } from './errors.ts'
import { judgeReplay } from './fit.ts'
import { parseRecording } from './format.ts'
import type { Recording } from './recording.ts'
import { NO_ERRORS } from './testing/no-errors.ts'

const read = (name: string): Recording =>
  parseRecording(readFileSync(new URL(`../fixtures/vllm-0.32.0/${name}.json`, import.meta.url), 'utf8'), name)

const boundsOf = (recording: Recording): Record<string, number> =>
  Object.fromEntries(judge(recording, NO_ERRORS).map(({ name, bound }) => [name, bound]))
const scaledOf = (recording: Recording): Record<string, number> =>
  Object.fromEntries(judge(recording, NO_ERRORS).map(({ name, scaled }) => [name, scaled.bound]))
const judgedAs = (recording: Recording, errors: Partial<ReplayErrors>, name: keyof ReplayErrors) =>
  judge(recording, { ...NO_ERRORS, ...errors }).find((error) => error.name === name)

describe.each(['saturate', 'climb', 'prefix'])('%s.json, replayed with the cpu preset', (name) => {
  const recording = read(name)
  test.each(judgeReplay(recording, cpu).map((error) => [error.what, error] as const))('%s', (_, { value, bound }) => {
    expect(Math.abs(value)).toBeLessThanOrEqual(bound)
  })
})

test('the recordings that named the bounds are held to them', () => {
  const latencies = { ttftP50: 0.08, ttftP95: 0.08, e2eP50: 0.08, e2eP95: 0.08 }
  const saturated = { running: 1.6, waiting: 1, kvCacheUsage: 0.05, preemptions: 0.15, hitTokens: 1, ...latencies }
  const climbing = { running: 0.4, waiting: 0.2, kvCacheUsage: 0.02, preemptions: 0.25, hitTokens: 1, ...latencies }
  expect(boundsOf(read('saturate'))).toEqual(saturated)
  expect(boundsOf(read('climb'))).toEqual(climbing)
  expect(boundsOf(read('prefix'))).toMatchObject({ running: 0.4, hitTokens: 0.03 })
  for (const name of ['saturate', 'climb', 'prefix']) expect(scaledOf(read(name))).toEqual(boundsOf(read(name)))
})

test('a preset that is a fifth slower is found out', () => {
  const slower = { ...cpu, baseMs: cpu.baseMs * 1.2, decodeMs: cpu.decodeMs * 1.2, contextMs: cpu.contextMs * 1.2 }
  for (const name of ['saturate', 'climb']) {
    expect(judgeReplay(read(name), slower).filter(({ holds }) => !holds).length).toBeGreaterThan(3)
  }
})

describe('bounds of other recordings', () => {
  const climb = read('climb')
  const scaled = (by: number): Recording => ({
    ...climb,
    scrapes: climb.scrapes.map((scrape) => ({ ...scrape, running: scrape.running * by })),
  })
  const counting = (counter: 'preemptions' | 'prefixHits', total: number): Recording => ({
    ...climb,
    scrapes: climb.scrapes.map((scrape, index) => ({ ...scrape, [counter]: index === 0 ? 0 : total })),
  })

  test('are the same whatever the load: what is wider with it is only told', () => {
    expect(boundsOf(scaled(10))).toEqual(boundsOf(climb))
    expect(scaledOf(scaled(10))['running']).toBeCloseTo(4, 1)
    expect(scaledOf(scaled(10))['waiting']).toBe(0.2)
    expect(scaledOf(scaled(0.1))['running']).toBe(0.4)
    expect(judgedAs(scaled(10), { running: 2 }, 'running')).toMatchObject({
      bound: 0.4,
      boundOf: 'climb',
      holds: false,
      ratio: 5,
      scaled: { holds: true },
    })
  })

  test('are those of the saturated one where requests wait in half of the scrapes', () => {
    const scrape = { atMs: 0, running: 1, kvCacheUsage: 0, preemptions: 0, prefixQueries: 0, prefixHits: 0 }
    const scrapes = [0, 0, 1, 2].map((waiting) => ({ ...scrape, waiting }))
    expect([waitingShare({ scrapes }), likeOf({ scrapes })]).toEqual([0.5, 'saturate'])
    expect(likeOf({ scrapes: scrapes.slice(0, 3) })).toBe('climb')
  })

  test('of few preemptions are a share all the same; three more or fewer are only told', () => {
    const two = judgedAs(counting('preemptions', 2), { preemptions: 0.5 }, 'preemptions')
    expect(two).toMatchObject({ bound: 0.25, holds: false, recorded: 2, scaled: { bound: 1.5, holds: true } })
    if (two === undefined) throw new Error('not judged')
    expect([errorText(two), boundText(two, two.bound), boundText(two, two.scaled.bound)]).toEqual([
      '+1 of 2',
      '± 0.5',
      '± 3.0',
    ])
  })

  test('of counts that the recording has none of are counts, that nobody named', () => {
    const preemptions = judgedAs(counting('preemptions', 0), { preemptions: 4 }, 'preemptions')
    expect(preemptions).toMatchObject({ unit: 'preemptions', bound: 3, boundOf: null, holds: false })
    if (preemptions === undefined) throw new Error('not judged')
    expect([errorText(preemptions), boundText(preemptions, preemptions.bound)]).toEqual(['4', '± 3'])
    expect(judgedAs(climb, { hitTokens: 16 }, 'hitTokens')).toMatchObject({
      unit: 'tokens',
      boundOf: null,
      holds: false,
    })
    const hits = counting('prefixHits', 640)
    expect(judgedAs(hits, { hitTokens: 0.02 }, 'hitTokens')).toMatchObject({
      bound: 0.03,
      boundOf: 'prefix',
      holds: true,
    })
  })

  test('are wider all together for a recording that no fit has seen', () => {
    const errors = judge(scaled(10), { ...NO_ERRORS, running: 0.6, ttftP50: -0.12, e2eP50: 0.2 })
    const failed = (times: number): string[] =>
      loosen(errors, times).flatMap(({ name, holds }) => (holds ? [] : [name]))
    expect(failed(1)).toEqual(['running', 'ttftP50', 'e2eP50'])
    expect(failed(2)).toEqual(['e2eP50'])
    expect(loosen(errors, 2)[0]).toMatchObject({ bound: 0.8, ratio: expect.closeTo(0.75) })
    expect(loosen(errors, 2)[0]?.scaled.bound).toBeCloseTo(8, 1)
  })

  test('are for what can be told', () => {
    const judged = judge(climb, { ...NO_ERRORS, ttftP50: null })
    expect(judged.map(({ name }) => name)).not.toContain('ttftP50')
    expect(notJudged(judged)).toEqual([{ name: 'ttftP50', what: 'TTFT p50' }])
    expect(notJudged(judge(climb, NO_ERRORS))).toEqual([])
  })
})
