import { expect, test } from 'vitest'
import { signalOf } from './signal.ts'

const scope = { namespace: 'llm', container: 'vllm' }

test('a count of what is left is 0 where nothing is left', () => {
  for (const name of ['kv-cache-series', 'working-replicas'] as const)
    expect(signalOf(name).promql(scope)).toMatch(/^count\(.*\) or vector\(0\)$/)
})
