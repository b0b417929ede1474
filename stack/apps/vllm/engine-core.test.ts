import { readFileSync } from 'node:fs'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { eventually } from './testing/eventually.ts'
import { PROCESS_TIMEOUT_MS, startVllm, type VllmProcess } from './testing/process.ts'

const RUNNING = 'vllm:num_requests_running'
const TOKENS = 'vllm:generation_tokens_total'

/** A stream whose first token has come. */
const begun = async (vllm: VllmProcess): Promise<Response> => {
  const stream = await vllm.ask({ stream: true })
  await eventually(async () => (await vllm.sample(TOKENS)) > 0, 10_000)
  return stream
}

describe('VLLM::EngineCore', { timeout: PROCESS_TIMEOUT_MS }, () => {
  test('stopped: /health answers 200, gauges freeze, requests pile up unseen; continued: all goes on', async () => {
    await using vllm = await startVllm(['--enable-server-load-tracking'])
    await vllm.ready()
    await begun(vllm)
    process.kill(vllm.corePid(), 'SIGSTOP')
    await delay(500)
    const frozen = await vllm.sample(TOKENS)
    const waiting = vllm.ask({ max_tokens: 3 })
    await delay(1_000)
    expect((await fetch(`${vllm.url}/health`)).status).toBe(200)
    expect(await vllm.sample(TOKENS)).toBe(frozen)
    expect(await vllm.sample(RUNNING)).toBe(1)
    expect(await (await fetch(`${vllm.url}/load`)).json()).toEqual({ server_load: 2 })
    process.kill(vllm.corePid(), 'SIGCONT')
    expect(await (await waiting).json()).toMatchObject({ usage: { completion_tokens: 3 } })
    expect(await vllm.sample(TOKENS)).toBeGreaterThan(frozen + 3)
  })

  test('killed with a request that is not a stream: 500, then the server ends by itself, with 0', async () => {
    await using vllm = await startVllm()
    await vllm.ready()
    const whole = vllm.ask({})
    await eventually(async () => (await vllm.sample(TOKENS)) > 0, 10_000)
    process.kill(vllm.corePid(), 'SIGKILL')
    const answer = await whole
    expect([answer.status, await answer.text()]).toEqual([
      500,
      '{"error":{"message":"EngineCore encountered an issue. See stack trace (above) for the root cause.","type":"InternalServerError","param":null,"code":500}}',
    ])
    expect(await vllm.exitCode()).toBe(0)
    expect(vllm.log()).toContain('engine core exited unexpectedly')
  })

  test('killed with streams only: an error event, 503 from /health, the end at the watchdog’s next look', async () => {
    await using vllm = await startVllm()
    await vllm.ready()
    const stream = await begun(vllm)
    process.kill(vllm.corePid(), 'SIGKILL')
    expect(await stream.text()).toMatch(
      /data: \{"error": \{"message": "EngineCore encountered [^\n]*\n\ndata: \[DONE\]\n\n$/,
    )
    const health = await fetch(`${vllm.url}/health`).catch(() => null)
    // The watchdog looks every five seconds: at times that is now.
    if (health !== null) expect(health.status).toBe(503)
    const from = performance.now()
    expect(await vllm.exitCode()).toBe(0)
    expect(performance.now() - from).toBeLessThan(7_000)
  })

  test('killed where VLLM_KEEP_ALIVE_ON_ENGINE_DEATH: answers 500 and 503 for ever', async () => {
    await using vllm = await startVllm([], { VLLM_KEEP_ALIVE_ON_ENGINE_DEATH: '1' })
    await vllm.ready()
    process.kill(vllm.corePid(), 'SIGKILL')
    await eventually(async () => (await fetch(`${vllm.url}/health`)).status === 503)
    expect((await vllm.ask({})).status).toBe(500)
    await delay(5_500)
    expect((await vllm.ask({ stream: true })).status).toBe(500)
    vllm.child.kill('SIGTERM')
    expect(await vllm.exitCode()).toBe(0)
  })

  test('killed before the server listens: the start fails', async () => {
    await using vllm = await startVllm([], { VLLM_EMULATOR_COLD_START: '30s' })
    await eventually(() => vllm.corePid() > 0, 20_000)
    process.kill(vllm.corePid(), 'SIGKILL')
    expect(await vllm.exitCode()).toBe(1)
    expect(vllm.log()).toContain('RuntimeError: Engine core initialization failed. See root cause above.')
  })

  test('ends with its server, however that ends', async () => {
    await using vllm = await startVllm()
    await vllm.ready()
    const pid = vllm.corePid()
    vllm.child.kill('SIGKILL')
    await eventually(() => !isAlive(pid))
  })
})

// --- Internal helpers ---

/** A process that has ended has no command line any more, also until somebody asks for its exit code. */
const isAlive = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''
  } catch {
    return false
  }
}
