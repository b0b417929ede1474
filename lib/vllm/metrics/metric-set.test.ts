import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { cacheConfigInfo } from './cache-config.ts'
import { createEngineMetrics } from './engine-metrics.ts'
import type { Family } from './family.ts'
import { createHttpMetrics } from './http-metrics.ts'
import { createMetricSet, type Labels } from './metric-set.ts'
import { numberText } from './number-text.ts'
import { renderProcessMetrics } from './process-metrics.ts'
import { type ParsedFamily, parsePage } from './testing/page.ts'
import { RECORDED_CONFIG, serve } from './testing/recorded-load.ts'

const golden = readFileSync(new URL('../fixtures/vllm-0.32.0/metrics.txt', import.meta.url), 'utf8')

/** Families of the recording that the emulator leaves out, and why. */
const LEFT_OUT: Record<string, string> = {
  python_gc_objects_collected_total: 'the emulator is no Python process',
  python_gc_objects_uncollectable_total: 'the emulator is no Python process',
  python_gc_collections_total: 'the emulator is no Python process',
  python_info: 'the emulator is no Python process',
}

/** Label values that depend on the machine, not on the configuration. */
const VARIABLE = ['kv_cache_memory_bytes', 'gpu_memory_utilization']

test('the page has the families, types, help, labels and buckets of the recorded one', () => {
  const ours = parse(emulated())
  const theirs = parse(golden)
  for (const name of Object.keys(LEFT_OUT)) {
    expect(theirs.has(name)).toBe(true)
    theirs.delete(name)
  }
  expect([...ours.keys()]).toEqual([...theirs.keys()])
  for (const [name, family] of theirs) expect({ name, ...ours.get(name) }).toEqual({ name, ...family })
})

test('visited samples are those of the page, in its order, and keep their labels objects', () => {
  const families: Family[] = [
    { name: 'a_total', type: 'counter', help: 'x', unit: 'items', labels: ['b'] },
    { name: 'c', type: 'histogram', help: 'x', unit: 'seconds', labels: [], buckets: [1, 5] },
  ]
  const set = createMetricSet({ families, now: () => 0 })
  set.scalar('a_total', { b: 'x' }).value = 3
  set.distribution('c', {}).observe(2, 4)
  const seen: [string, Labels, number][] = []
  set.visit((name, labels, value) => seen.push([name, labels, value]))
  const lines = seen.map(([name, labels, value]) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`)
    return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${numberText(value)}`
  })
  const page = set.render().split('\n')
  expect(lines).toEqual(page.filter((line) => line !== '' && !line.startsWith('#') && !line.includes('_created')))
  let index = 0
  set.visit((_, labels) => expect(labels).toBe(seen[index++]?.[1]))
})

test('the recorded requests give the recorded counts', () => {
  const values = (text: string): string[] =>
    text
      .split('\n')
      .filter((line) => /^vllm:(prompt|generation|request_(prompt|generation|params|max)|iteration|prefix)/.test(line))
      .filter((line) => !line.includes('_created'))
  // The recording has two requests: 15 prompt tokens and 8 of output, 4 and 4.
  expect(values(emulated())).toEqual(values(golden))
})

describe('numbers are written as prometheus_client writes them', () => {
  test.each([
    [0, '0.0'],
    [1, '1.0'],
    [0.3, '0.3'],
    [12.5, '12.5'],
    [100000, '100000.0'],
    [20000, '20000.0'],
    [123456, '123456.0'],
    [1234567, '1.234567e+06'],
    [4647530496, '4.647530496e+09'],
    [1795310865.2885494, '1.7953108652885494e+09'],
    [0.00001, '1e-05'],
    [Number.POSITIVE_INFINITY, '+Inf'],
  ])('%d is %s', (value, text) => expect(numberText(value)).toBe(text))
})

// --- Internal helpers ---

const emulated = (): string => {
  const metrics = createEngineMetrics({ modelName: 'tiny', config: RECORDED_CONFIG, now: () => 1_795_310_865 })
  serve(metrics)
  const http = createHttpMetrics(() => 1_795_310_865)
  const call = { requestBytes: 10, responseBytes: 10, durationMs: 5 }
  http.observe({ handler: '/v1/models', method: 'GET', status: 200, ...call })
  http.observe({ handler: '/v1/chat/completions', method: 'POST', status: 200, ...call })
  http.observe({ handler: '/v1/completions', method: 'POST', status: 200, ...call })
  http.observe({ handler: '/v1/completions', method: 'POST', status: 400, ...call })
  const facts = { virtualBytes: 1, residentBytes: 1, startedAt: 1, cpuSeconds: 1, openFds: 1, maxFds: 1 }
  const cache = { gpuMemoryUtilization: 0.92, userSpecifiedBlockSize: true, numGpuBlocksOverride: 512 }
  const info = cacheConfigInfo(RECORDED_CONFIG, cache).render()
  return renderProcessMetrics(facts) + metrics.render() + info + http.render()
}

/** The page's families, label values that the machine decides replaced. */
const parse = (text: string): Map<string, ParsedFamily> =>
  parsePage(
    VARIABLE.reduce((shown, label) => shown.replaceAll(new RegExp(`${label}="[^"]*"`, 'g'), `${label}="…"`), text),
  )
