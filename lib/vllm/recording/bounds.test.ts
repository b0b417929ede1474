import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { cpu } from '../hardware/presets.ts'
import { isSaturated, judge } from './bounds.ts'
import type { ReplayErrors } from './errors.ts'
import { judgeReplay } from './fit.ts'
import { parseRecording } from './format.ts'
import { counted, type Recording } from './recording.ts'

const read = (name: string): Recording =>
  parseRecording(readFileSync(new URL(`../fixtures/vllm-0.32.0/${name}.json`, import.meta.url), 'utf8'), name)

const NONE: ReplayErrors = {
  running: 0,
  waiting: 0,
  kvCacheUsage: 0,
  preemptions: 0,
  hitTokens: 0,
  ttftP50: 0,
  ttftP95: 0,
  e2eP50: 0,
  e2eP95: 0,
}

const boundsOf = (recording: Recording): Record<string, number> =>
  Object.fromEntries(judge(recording, NONE).map(({ name, bound }) => [name, bound]))

describe.each(['saturate', 'climb', 'prefix'])('%s.json, replayed with the cpu preset', (name) => {
  const recording = read(name)
  test.each(judgeReplay(recording, cpu).map((error) => [error.what, error] as const))('%s', (_, { value, bound }) => {
    expect(Math.abs(value)).toBeLessThanOrEqual(bound)
  })
})

test('the recordings that named the bounds are held to them', () => {
  const latencies = { ttftP50: 0.08, ttftP95: 0.08, e2eP50: 0.08, e2eP95: 0.08 }
  const saturated = { running: 1.6, waiting: 1, kvCacheUsage: 0.05, preemptions: 0.15, hitTokens: 0.03, ...latencies }
  const climbing = { running: 0.4, waiting: 0.2, kvCacheUsage: 0.02, preemptions: 0.25, hitTokens: 0.03, ...latencies }
  expect(boundsOf(read('saturate'))).toEqual(saturated)
  expect(boundsOf(read('climb'))).toEqual(climbing)
  expect(boundsOf(read('prefix'))).toMatchObject({ running: 0.4, hitTokens: 0.03 })
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

  test('grow with the gauges, and never shrink', () => {
    expect(boundsOf(scaled(10))['running']).toBeCloseTo(4, 1)
    expect(boundsOf(scaled(10))['waiting']).toBe(0.2)
    expect(boundsOf(scaled(0.1))['running']).toBe(0.4)
  })

  test('are the wider ones where requests wait in half of the scrapes', () => {
    const scrape = { atMs: 0, running: 1, kvCacheUsage: 0, preemptions: 0, prefixQueries: 0, prefixHits: 0 }
    const scrapes = [0, 0, 1, 2].map((waiting) => ({ ...scrape, waiting }))
    expect(isSaturated({ scrapes })).toBe(true)
    expect(isSaturated({ scrapes: scrapes.slice(0, 3) })).toBe(false)
  })

  test('allow three preemptions more or fewer, however few there are', () => {
    const few = {
      ...climb,
      scrapes: climb.scrapes.map((scrape) => ({ ...scrape, preemptions: scrape.preemptions / 10 })),
    }
    expect(counted(few, 'preemptions')).toBe(2)
    expect(boundsOf(few)['preemptions']).toBe(1.5)
  })
})
