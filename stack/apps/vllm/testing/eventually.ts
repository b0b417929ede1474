import { setTimeout as delay } from 'node:timers/promises'

export const eventually = async (check: () => boolean | Promise<boolean>, timeoutMs = 2_000): Promise<void> => {
  const until = performance.now() + timeoutMs
  while (performance.now() < until) {
    if (await check()) return
    await delay(10)
  }
  throw new Error(`did not happen within ${timeoutMs} ms`)
}
