import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { cacheConfigInfo } from './cache-config.ts'
import { CACHE_CONFIG_FIELDS } from './cache-config-fields.ts'
import type { Labels } from './metric-set.ts'
import { RECORDED_CONFIG } from './testing/recorded-load.ts'
import { isAtLeast, LAST_VERSION } from './version.ts'

const lines = readFileSync(new URL('../fixtures/cache-config-fields.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
const DECLARED = lines.slice(1).map((line) => {
  const [version = '', ...fields] = line.split(' ')
  return { version, fields }
})

const labels = (version: string): Labels => {
  const cache = { gpuMemoryUtilization: 0.9, userSpecifiedBlockSize: false, numGpuBlocksOverride: null }
  const found: Labels[] = []
  cacheConfigInfo(RECORDED_CONFIG, cache, { version, showHiddenFor: null }).visit((_, sample) => found.push(sample))
  return found[0] ?? {}
}

describe('vllm:cache_config_info has the fields of CacheConfig', () => {
  test.each(DECLARED)('$version', ({ version, fields }) => {
    // The engine's rank is added to them since 0.9.0.
    const engine = isAtLeast(version, '0.9.0') ? ['engine'] : []
    expect(Object.keys(labels(version)).sort()).toEqual([...fields, ...engine].sort())
  })

  test('no field is left out of the versions that were read', () => {
    const known = new Set([...DECLARED.flatMap(({ fields }) => fields), 'engine'])
    expect(new Set(CACHE_CONFIG_FIELDS.map(({ name }) => name))).toEqual(known)
  })
})

test('what a server shows follows its configuration', () => {
  expect(labels(LAST_VERSION)).toMatchObject({
    block_size: '32',
    num_gpu_blocks: '512',
    gpu_memory_utilization: '0.9',
    kv_cache_size_tokens: '16384',
    enable_prefix_caching: 'True',
    num_gpu_blocks_override: 'None',
  })
})
