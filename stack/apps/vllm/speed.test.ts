import { expect, test } from 'vitest'
import { openServer } from './testing/open-server.ts'

test('at half the clock a token takes twice as long', async () => {
  let speed = 1
  await using vllm = await openServer({ stepFloorMs: 30, speed: () => speed })
  const msOf = async (): Promise<number> => {
    const from = performance.now()
    await (
      await vllm.post('/v1/completions', { model: 'tiny', prompt: 'hello', max_tokens: 20, ignore_eos: true })
    ).text()
    return performance.now() - from
  }
  // The first request compiles what serves it.
  await msOf()
  const full = await msOf()
  speed = 0.5
  expect((await msOf()) / full).toBeGreaterThan(1.6)
})
