import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { PROCESS_TIMEOUT_MS, startVllm } from './testing/process.ts'

const DEAD =
  'data: {"error": {"message": "EngineCore encountered an issue. See stack trace (above) for the root cause."'

describe('a process', { timeout: PROCESS_TIMEOUT_MS }, () => {
  test('listens after its cold start and says what vLLM says', async () => {
    await using vllm = await startVllm(['--max-num-seqs', '64'], { VLLM_EMULATOR_COLD_START: '1200ms' })
    expect(await fetch(`${vllm.url}/health`).catch(() => 'refused')).toBe('refused')
    await vllm.ready()
    const lines = vllm.log().replaceAll(/\d\d-\d\d \d\d:\d\d:\d\d/g, 'TIME')
    expect(lines).toMatch(
      /^\(APIServer pid=\d+\) INFO TIME \[api_utils.py:286\] non-default args: \{'model_tag': 'm-8B', /m,
    )
    expect(lines).toMatch(
      /^\(EngineCore pid=\d+\) INFO TIME \[core.py:133\] Initializing a V1 LLM engine \(v0\.32\.0\)/m,
    )
    expect(lines).toMatch(
      /^\(EngineCore pid=\d+\) INFO TIME \[kv_cache_utils.py:2327\] GPU KV cache size: [\d,]+ tokens, Maximum concurrency for 4,096 tokens per request: [\d.]+x$/m,
    )
    expect(lines).toMatch(/^\(APIServer pid=\d+\) INFO TIME \[launcher.py:195\] Route: \/health, Methods: GET$/m)
    expect(lines).toMatch(/^INFO: {5}Application startup complete\.$/m)
    expect(vllm.corePid()).not.toBe(vllm.child.pid)
  })

  test('without --shutdown-timeout fails what is in flight and ends with 0', async () => {
    await using vllm = await startVllm()
    await vllm.ready()
    const stream = await vllm.ask({ stream: true })
    const whole = vllm.ask({})
    await delay(300)
    vllm.child.kill('SIGTERM')
    expect(await stream.text()).toContain(DEAD)
    expect((await whole).status).toBe(500)
    expect(await vllm.exitCode()).toBe(0)
    expect(vllm.log()).toContain('[shutdown] API server: stopping engine client mode=abort timeout=0s')
    expect(vllm.log()).toContain('Application shutdown complete.')
  })

  test('with it lets requests end, is healthy meanwhile, and takes no new ones', async () => {
    await using vllm = await startVllm(['--shutdown-timeout', '20'])
    await vllm.ready()
    const stream = await vllm.ask({ stream: true, max_tokens: 60 })
    vllm.child.kill('SIGTERM')
    await delay(100)
    expect((await fetch(`${vllm.url}/health`)).status).toBe(200)
    const refused = await vllm.ask({})
    expect([refused.status, await refused.text()]).toEqual([
      500,
      '{"error":{"message":"cannot schedule new futures after shutdown","type":"InternalServerError","param":null,"code":500}}',
    ])
    expect(await stream.text()).toMatch(/"finish_reason":"length"[^]*data: \[DONE\]\n\n$/)
    expect(await vllm.exitCode()).toBe(0)
    expect(vllm.log()).toContain('[shutdown] EngineCore: draining in-flight requests count=1 timeout=20s')
    expect(vllm.log()).not.toContain('force killing')
  })

  test('forgets what has not ended by then: its stream stays open and silent until its client leaves', async () => {
    await using vllm = await startVllm(['--shutdown-timeout', '1'])
    await vllm.ready()
    const leave = new AbortController()
    const stream = await vllm.ask({ stream: true }, leave.signal)
    vllm.child.kill('SIGTERM')
    await delay(2_500)
    expect(vllm.log()).toContain('force killing remaining process EngineCore')
    expect(vllm.log()).toContain('Waiting for connections to close.')
    expect(vllm.child.exitCode).toBe(null)
    leave.abort()
    await stream.text().catch(() => undefined)
    expect(await vllm.exitCode()).toBe(0)
  })

  test('ends on a configuration that vLLM refuses, in its words and with 1', async () => {
    await using vllm = await startVllm(['--no-enable-chunked-prefill', '--max-num-batched-tokens', '64'])
    expect(await vllm.exitCode()).toBe(1)
    expect(vllm.log()).toMatch(
      /^pydantic_core\._pydantic_core\.ValidationError: 1 validation error for SchedulerConfig\n {2}Value error, max_num_batched_tokens \(64\) is smaller than max_model_len \(4096\)\./m,
    )
    expect(vllm.log()).not.toContain('EngineCore failed to start')
  })

  test('warns of vLLM’s options that have no effect here', async () => {
    await using vllm = await startVllm(['-tp', '2', '--kv-cache-dtype', 'fp8'])
    await vllm.ready()
    expect(vllm.log()).toMatch(
      /\(APIServer pid=\d+\) WARNING .* Arguments without effect here: --tensor-parallel-size --kv-cache-dtype$/m,
    )
  })

  test('refuses arguments and environment that it cannot use', async () => {
    await using wrong = await startVllm(['--max-num-seqs', 'many'])
    expect(await wrong.exitCode()).toBe(2)
    await using unknown = await startVllm([], { VLLM_EMULATOR_PRESET: 'h999' })
    expect(await unknown.exitCode()).toBe(64)
  })
})
