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
  // Busy neighbours make a request slower, never faster: of several the quickest says what the engine needs.
  const quickestMs = async (): Promise<number> => Math.min(await msOf(), await msOf(), await msOf())
  const full = await quickestMs()
  speed = 0.5
  expect((await quickestMs()) / full).toBeGreaterThan(1.6)
})
