import { describe, expect, test } from 'vitest'
import { familyRecords, familyStatus, type FamilyStatus, seriesName } from './status.ts'
import { compareVersions, defaultEngine, isAtLeast, isKnownVersion, knownVersion, LAST_VERSION } from './version.ts'

describe('a family’s standing', () => {
  test.each<[string, string, Partial<FamilyStatus>]>([
    ['vllm:gpu_cache_usage_perc', '0.6.0', { status: 'current' }],
    ['vllm:gpu_cache_usage_perc', '0.9.1', { status: 'current' }],
    [
      'vllm:gpu_cache_usage_perc',
      '0.9.2',
      { status: 'deprecated', removedIn: '0.12.0', use: 'vllm:kv_cache_usage_perc' },
    ],
    ['vllm:gpu_cache_usage_perc', '0.10.2', { status: 'deprecated', since: '0.9.2' }],
    ['vllm:gpu_cache_usage_perc', '0.11.2', { status: 'hidden', showWith: '0.10', since: '0.11.0' }],
    ['vllm:gpu_cache_usage_perc', '0.32.0', { status: 'removed', in: '0.12.0', use: 'vllm:kv_cache_usage_perc' }],
    ['vllm:kv_cache_usage_perc', '0.9.1', { status: 'later', added: '0.9.2' }],
    ['vllm:time_per_output_token_seconds', '0.14.1', { status: 'hidden', showWith: '0.13', removedIn: '0.15.0' }],
    ['vllm:avg_generation_throughput_toks_per_s', '0.6.6.post1', { status: 'deprecated', removedIn: '0.7.0' }],
    ['vllm:avg_generation_throughput_toks_per_s', '0.10.2', { status: 'removed', in: '0.7.0' }],
    ['vllm:num_requests_swapped', '0.7.3', { status: 'current' }],
    ['vllm:num_requests_swapped', '0.8.0', { status: 'removed', in: '0.8.0', use: null }],
    ['vllm:tokens_total', '0.7.0', { status: 'current', requires: 'nothing: it is declared and never written' }],
    ['vllm:kv_block_lifetime_seconds', '0.32.0', { status: 'current', requires: '--kv-cache-metrics' }],
    ['vllm:num_requests_running', '0.32.0', { status: 'current', requires: null }],
    ['vllm:spec_decode_num_draft_tokens_total', '0.8.4', { status: 'current', requires: null }],
    ['http_requests_total', '0.8.2', { status: 'later', added: '0.8.3' }],
    ['vllm:queue_depth', '0.32.0', { status: 'unknown' }],
  ])('%s in %s', (name, version, expected) => expect(familyStatus(name, version)).toMatchObject(expected))

  test('the old engine of 0.8 and later is asked by name', () => {
    expect(familyStatus('vllm:num_requests_swapped', '0.8.3', 'v0')).toMatchObject({
      status: 'hidden',
      showWith: '0.7',
    })
    expect(familyStatus('vllm:num_requests_swapped', '0.9.1', 'v0')).toMatchObject({ status: 'removed', in: '0.9.1' })
  })

  test('labels and units are those of the version', () => {
    const known = (name: string, version: string): unknown => {
      const found = familyStatus(name, version)
      return 'family' in found ? { labels: found.family.labels, unit: found.family.unit } : found
    }
    expect(known('vllm:num_requests_running', '0.8.2')).toEqual({ labels: ['model_name'], unit: 'requests' })
    expect(known('vllm:num_requests_running', '0.8.3')).toEqual({ labels: ['engine', 'model_name'], unit: 'requests' })
    expect(known('vllm:gpu_prefix_cache_hits_total', '0.8.5')).toMatchObject({ unit: 'blocks' })
    expect(known('vllm:gpu_prefix_cache_hits_total', '0.9.0')).toMatchObject({ unit: 'tokens' })
    expect(known('vllm:kv_cache_usage_perc', '0.32.0')).toMatchObject({ unit: 'fraction' })
  })
})

describe('a name as a rule writes it', () => {
  test.each([
    ['vllm:num_preemptions_total', { family: 'vllm:num_preemptions_total', part: 'value' }],
    ['vllm:num_preemptions_created', { family: 'vllm:num_preemptions_total', part: 'created' }],
    ['vllm:num_preemptions', { mistake: 'no-total', meant: 'vllm:num_preemptions_total' }],
    ['vllm:time_to_first_token_seconds_bucket', { family: 'vllm:time_to_first_token_seconds', part: 'bucket' }],
    [
      'vllm:time_to_first_token_seconds',
      { mistake: 'no-histogram-suffix', meant: 'vllm:time_to_first_token_seconds_bucket' },
    ],
    ['vllm:iteration_tokens_total_sum', { family: 'vllm:iteration_tokens_total', part: 'sum' }],
    ['vllm:iteration_tokens_total', { mistake: 'no-histogram-suffix', meant: 'vllm:iteration_tokens_total_bucket' }],
    ['vllm:num_requests_running_count', null],
    ['http_request_size_bytes_bucket', null],
    ['http_request_size_bytes_sum', { family: 'http_request_size_bytes', part: 'sum' }],
    ['vllm_num_requests_waiting', { mistake: 'underscore', meant: 'vllm:num_requests_waiting' }],
    ['vllm_num_preemptions', { mistake: 'underscore', meant: 'vllm:num_preemptions_total' }],
    ['vllm:queue_depth', null],
    ['up', null],
  ])('%s', (name, expected) => expect(seriesName(name)).toEqual(expected))
})

describe('the table', () => {
  test('each family is in it once, its changes in order, counters with their suffix', () => {
    const names = familyRecords().map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const { name, type, v0 = [], v1 = [] } of familyRecords()) {
      expect(v0.length + v1.length, name).toBeGreaterThan(0)
      for (const changes of [v0, v1]) {
        const order = changes.map(({ since }) => since)
        expect(order, name).toEqual(order.toSorted(compareVersions))
        expect(changes.findIndex(({ state }) => state === 'removed') + 1 || changes.length, name).toBe(changes.length)
      }
      if (type === 'counter') expect(name).toMatch(/_total$/)
      for (const { since } of v1) expect(isAtLeast(since, '0.8.0'), name).toBe(true)
      for (const { since, state } of v0.slice(0, 1)) expect([since, state === 'removed'], name).toEqual([since, false])
    }
  })

  test('what replaces a family is there when it is gone', () => {
    for (const { name, use } of familyRecords()) {
      for (const [meant = ''] of (use ?? '').matchAll(/vllm:\w+(?![\w*])/g)) {
        if (meant.endsWith('_')) continue
        expect(familyStatus(meant, LAST_VERSION).status, `${name} → ${meant}`).toMatch(/current/)
      }
    }
  })
})

describe('versions', () => {
  test.each(['0.6.0', 'v0.10.2', '0.10', '0.8.5.post1', '0.10.1.1', '0.32.0+cpu', '0.32.7', '0.12.0rc1'])(
    '%s is known',
    (text) => expect(isKnownVersion(text)).toBe(true),
  )
  test.each(['0.5.5', '0.33.0', '1.0.0', 'latest', '', '0.x'])('%j is not', (text) => {
    expect(isKnownVersion(text)).toBe(false)
    expect(() => knownVersion(text)).toThrow('expected a vLLM version from 0.6.0 to 0.32.x')
  })

  test('they are ordered by number, post releases after what they mend', () => {
    const ordered = ['0.6.6', '0.6.6.post1', '0.9.2', '0.10.0', '0.10.1', '0.10.1.1', '0.10.2']
    expect(ordered.toReversed().sort(compareVersions)).toEqual(ordered)
    expect(knownVersion('v0.10')).toBe('0.10.0')
    expect([defaultEngine('0.7.3'), defaultEngine('0.8.0')]).toEqual(['v0', 'v1'])
  })
})
