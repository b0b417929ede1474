import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { bucketBoundsOf, labelNames, parsePage } from '../../../lib/vllm/metrics/testing/page.ts'
import { parseServeArguments } from './arguments.ts'
import { EmulatorEnv, planServer } from './settings.ts'
import { openServer } from './testing/open-server.ts'

const planned = (line: string, env: Record<string, string> = {}): string => {
  const parsed = parseServeArguments(line.split(' '))
  if (!parsed.ok) return parsed.message
  const result = planServer(parsed.arguments, EmulatorEnv.parse(env), 81_008)
  return result.ok ? `${result.plan.vllmVersion} ${String(result.plan.engine.reserveFullPrompt)}` : result.error
}

describe('which vLLM it is like', () => {
  const model = 'meta-llama/Llama-3.1-8B --max-model-len 4k'
  test.each([
    [model, {}, '0.32.0 true'],
    [`${model} --vllm-version 0.10.2`, {}, '0.10.2 false'],
    [model, { VLLM_EMULATOR_VERSION: 'v0.12' }, '0.12.0 false'],
    [`${model} --vllm-version=0.19.1`, { VLLM_EMULATOR_VERSION: '0.8.0' }, '0.19.1 true'],
  ])('%s with %j is %s', (line, env, expected) => expect(planned(line, env)).toBe(expected))

  test('a version that is not known is refused, in either place', () => {
    const expected = 'expected a vLLM version from 0.6.0 to 0.32.x'
    expect(planned(`${model} --vllm-version 0.5.4`)).toContain("expected a version from 0.6.0 to 0.32.x, found '0.5.4'")
    expect(() => planned(model, { VLLM_EMULATOR_VERSION: 'latest' })).toThrow(expected)
  })
})

describe('a running server', () => {
  const page = async (url: string): Promise<string> => (await fetch(`${url}/metrics`)).text()

  test('0.32.0 has the families, types, labels and buckets of the recorded page', async () => {
    await using server = await openServer()
    await server.post('/v1/completions', { model: 'tiny', prompt: 'hello', max_tokens: 4 })
    const ours = shapes(await page(server.url))
    const recorded = new URL('../../../lib/vllm/fixtures/vllm-0.32.0/metrics.txt', import.meta.url)
    expect(ours).toEqual(shapes(readFileSync(recorded, 'utf8')))
    expect(Object.keys(ours).length).toBeGreaterThan(70)
  })

  test('0.10.2 answers /version, and has its own names', async () => {
    await using server = await openServer({ arguments: '--vllm-version 0.10.2' })
    expect(await (await fetch(`${server.url}/version`)).json()).toEqual({ version: '0.10.2' })
    const families = shapes(await page(server.url))
    expect(families).toHaveProperty(['vllm:gpu_cache_usage_perc'])
    expect(families).toHaveProperty(['vllm:kv_cache_usage_perc'])
    expect(families).not.toHaveProperty(['vllm:num_requests_waiting_by_reason'])
    expect(families['vllm:cache_config_info']?.labels).toContain('swap_space_bytes')
  })

  test('0.11.0 hides what 0.10 deprecated, unless it is told to show it', async () => {
    await using hidden = await openServer({ arguments: '--vllm-version 0.11.0' })
    expect(await page(hidden.url)).not.toContain('vllm:gpu_cache_usage_perc')
    await using shown = await openServer({
      arguments: '--vllm-version 0.11.0 --show-hidden-metrics-for-version 0.10',
    })
    expect(await page(shown.url)).toContain('vllm:gpu_cache_usage_perc{engine="0",model_name="tiny"} 0.0')
  })

  test('0.7.3 has neither http_* families nor those of its process', async () => {
    const processMetrics = (): string => 'process_open_fds 1.0\n'
    await using server = await openServer({ arguments: '--vllm-version 0.7.3', processMetrics })
    await server.post('/v1/completions', { model: 'tiny', prompt: 'hello', max_tokens: 4 })
    const text = await page(server.url)
    expect(text).not.toMatch(/http_|process_|_created/)
    expect(shapes(text)).toHaveProperty(['vllm:num_requests_swapped'])
  })
})

// --- Internal helpers ---

interface Shape {
  type: string
  labels: string[]
  buckets: number[]
}

/** What the page says of `vllm:*` and `http_*` families, whatever their values. */
const shapes = (text: string): Record<string, Shape> =>
  Object.fromEntries(
    [...parsePage(text)]
      .filter(([name]) => /^(vllm:|http_)/.test(name))
      .map(([name, family]) => [
        name,
        { type: family.type, labels: labelNames(family).sort(), buckets: bucketBoundsOf(family) },
      ]),
  )
