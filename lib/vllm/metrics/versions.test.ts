import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createEngineMetrics, type EngineMetrics } from './engine-metrics.ts'
import { bucketBoundsOf, labelNames, parsePage } from './testing/page.ts'
import { type Asked, RECORDED_CONFIG, serve } from './testing/recorded-load.ts'
import { previousMinor } from './version.ts'

const folder = new URL('../fixtures/declared/', import.meta.url)
const VERSIONS = readdirSync(folder).map((file) => file.replace(/\.txt$/, ''))

/** Declared families of which a server that was told nothing special shows no series, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'vllm:tokens_total': 'declared in 0.6.4 to 0.7.3, written nowhere',
  'vllm:model_forward_time_milliseconds': 'written with --collect-detailed-traces only',
  'vllm:model_execute_time_milliseconds': 'written with --collect-detailed-traces only',
  'vllm:spec_decode_draft_acceptance_rate': 'written with speculative decoding only',
  'vllm:spec_decode_efficiency': 'written with speculative decoding only',
  'vllm:spec_decode_num_emitted_tokens_total': 'written with speculative decoding only',
}
/** Under the old engine these too are without a series until something speculates; under V1 they exist at zero. */
const LEFT_OUT_V0 = new Set(['vllm:spec_decode_num_accepted_tokens_total', 'vllm:spec_decode_num_draft_tokens_total'])

const HIDDEN = 'self.show_hidden_metrics'

describe.each(VERSIONS)('what vLLM %s declares', (version) => {
  const declared = readDeclared(version)
  const unconditional = declared.filter(({ condition }) => condition === null)

  test('is what the page has: names, types, labels and buckets', () => {
    expect(shown(version, null)).toEqual(expected(unconditional, version))
  })

  test('is shown with its hidden families where the flag names the minor before', () => {
    const withHidden = declared.filter(({ condition }) => condition === null || condition === HIDDEN)
    expect(shown(version, previousMinor(version))).toEqual(expected(withHidden, version))
    expect(shown(version, '0.5')).toEqual(expected(unconditional, version))
  })
})

test('versions with and without hidden families are among the fixtures', () => {
  const hides = (version: string): boolean => readDeclared(version).some(({ condition }) => condition === HIDDEN)
  expect(VERSIONS.filter(hides)).toEqual(expect.arrayContaining(['0.11.0', '0.11.2', '0.12.0', '0.14.0']))
  expect(VERSIONS.length).toBeGreaterThanOrEqual(20)
})

describe('what a value means follows the version', () => {
  /** Two requests of 70 tokens that share their two full blocks of 32. */
  const shared: Asked[] = ['a', 'b'].map((id) => ({ id, promptTokens: 70, maxTokens: 4, content: 7 }))

  test.each([
    ['0.8.5', 'gpu_prefix_cache', 4, 2],
    ['0.9.0', 'gpu_prefix_cache', 140, 64],
    ['0.10.2', 'prefix_cache', 140, 64],
    ['0.32.0', 'prefix_cache', 140, 64],
  ])('%s: vllm:%s_queries_total is %d and _hits_total %d', (version, name, queries, hits) => {
    const metrics = create(version)
    serve(metrics, shared)
    expect(value(metrics, `vllm:${name}_queries_total`)).toBe(queries)
    expect(value(metrics, `vllm:${name}_hits_total`)).toBe(hits)
  })

  test.each([
    ['0.8.0', 'vllm:gpu_cache_usage_perc', 1 / 512],
    ['0.10.1', 'vllm:kv_cache_usage_perc', 1 / 512],
    ['0.10.2', 'vllm:kv_cache_usage_perc', 0],
    ['0.7.3', 'vllm:gpu_cache_usage_perc', 0],
  ])('%s: an idle engine’s %s is %d', (version, name, usage) => {
    const metrics = create(version)
    serve(metrics)
    expect(value(metrics, name)).toBeCloseTo(usage, 10)
  })

  test.each([
    ['0.22.0', 70 + 70 + 8],
    ['0.23.0', 70 + 6 + 8],
  ])('%s: the sum of iteration tokens is %d', (version, sum) => {
    const metrics = create(version)
    serve(metrics, shared)
    expect(value(metrics, 'vllm:iteration_tokens_total_sum')).toBe(sum)
  })

  test('the old engine derives a hit rate, and throughputs of five seconds and more', () => {
    const metrics = create('0.6.2')
    const elapsed = serve(metrics, [...shared, { id: 'long', promptTokens: 10, maxTokens: 501, content: 1 }])
    expect(value(metrics, 'vllm:gpu_prefix_cache_hit_rate')).toBe(0.5)
    expect(elapsed).toBeGreaterThan(5_000)
    expect(value(metrics, 'vllm:avg_generation_throughput_toks_per_s')).toBeCloseTo(100, 0)
  })

  test('finish reasons are there from the start under V1, as they come before', () => {
    const reasons = (metrics: EngineMetrics): string[] =>
      [...metrics.render().matchAll(/^vllm:request_success_total\{.*finished_reason="(\w+)"/gm)].map(
        ([, name = '']) => name,
      )
    expect(reasons(create('0.7.3'))).toEqual([])
    expect(reasons(create('0.12.0'))).toEqual(['stop', 'length', 'abort'])
    expect(reasons(create('0.16.0'))).toEqual(['stop', 'length', 'abort', 'error'])
    expect(reasons(create('0.17.0'))).toEqual(['stop', 'length', 'abort', 'error', 'repetition'])
  })

  test('only V1 has creation times', () => {
    expect(create('0.7.3').render()).not.toContain('_created')
    expect(create('0.8.0').render()).toContain('vllm:num_preemptions_created')
  })
})

// --- Internal helpers ---

interface Declared {
  name: string
  type: string
  labels: string[]
  buckets: number[]
  condition: string | null
}

function readDeclared(version: string): Declared[] {
  const lines = readFileSync(new URL(`${version}.txt`, folder), 'utf8')
    .trimEnd()
    .split('\n')
  return lines.slice(1).map((line) => {
    const [declaration = '', condition = null] = line.split(' if ')
    const [type = '', name = '', labels = '', buckets = ''] = declaration.split(' ')
    const suffix = type === 'counter' && !name.endsWith('_total') ? '_total' : ''
    return { type, name: `${name}${suffix}`, labels: labels.split(',').sort(), buckets: bounds(buckets), condition }
  })
}

const multiples = (count: number): number[] => Array.from({ length: count }, (_, index) => (index + 1) * 8)

/** What the expressions come to with a context of 4,096, 32 sequences and 1,024 tokens a step, and CUDA graphs. */
const COMPUTED: Readonly<Record<string, readonly number[]>> = {
  '-': [],
  'build_1_2_5_buckets(max_model_len)': [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000],
  'vllm_config.compilation_config.capture_sizes.copy()': [1, 2, 4, ...multiples(4)],
  'vllm_config.compilation_config.cudagraph_capture_sizes.copy()': [1, 2, 4, ...multiples(4)],
  'build_cudagraph_buckets(vllm_config)': [1, 2, 4, ...multiples(64)],
  'build_1_2_3_5_8_buckets(3000)': [],
}

function bounds(text: string): number[] {
  return [...(COMPUTED[text] ?? text.split(',').map(Number))]
}

type Shape = Pick<Declared, 'type' | 'labels' | 'buckets'>

const isOld = (version: string): boolean => /^0\.[67]\./.test(version)

const expected = (declared: readonly Declared[], version: string): Record<string, Shape> =>
  Object.fromEntries(
    declared
      .filter(({ name }) => LEFT_OUT[name] === undefined && !(isOld(version) && LEFT_OUT_V0.has(name)))
      .map(({ name, type, labels, buckets }) => [name, { type, labels, buckets }]),
  )

const shown = (version: string, showHiddenFor: string | null): Record<string, Shape> => {
  const metrics = create(version, showHiddenFor)
  serve(metrics)
  const families = [...parsePage(metrics.render())].filter(([name]) => !name.endsWith('_created'))
  return Object.fromEntries(
    families.map(([name, family]) => [
      name,
      { type: family.type, labels: labelNames(family).sort(), buckets: bucketBoundsOf(family) },
    ]),
  )
}

const create = (version: string, showHiddenFor: string | null = null): EngineMetrics =>
  createEngineMetrics({ modelName: 'm', config: RECORDED_CONFIG, vllm: { version, showHiddenFor }, now: () => 1 })

const value = (metrics: EngineMetrics, name: string): number => {
  const found: number[] = []
  metrics.visit((sample, _, number) => {
    if (sample === name) found.push(number)
  })
  expect(found).toHaveLength(1)
  return found[0] ?? Number.NaN
}
