import type { AddressInfo } from 'node:net'
import type { Server } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Allocation, allocateGpuMemory, readGpuMemory } from '../../gpu-emulator/client.ts'
import { createLedger, type Ledger } from '../../gpu-emulator/ledger.ts'
import { createGpuServer } from '../../gpu-emulator/server.ts'
import { eventually } from '../testing/eventually.ts'
import { PROCESS_TIMEOUT_MS, startVllm, type VllmProcess } from '../testing/process.ts'

const TOTAL_MIB = 81_008
const REQUESTED_MIB = Math.ceil(TOTAL_MIB * 0.92)
const coTenant = { pod: 'llm/hog', uid: 'u-1' }

let ledger: Ledger
let gpu: Server
let url: string

beforeEach(async () => {
  ledger = createLedger(TOTAL_MIB)
  const device = {
    uuid: 'GPU-1',
    model: 'H100',
    hostname: 'n',
    reservedMiB: 0,
    idleWatts: 1,
    maxWatts: 2,
    minWatts: 1.5,
  }
  gpu = createGpuServer(
    ledger,
    device,
    () => Date.now(),
    () => undefined,
  )
  await new Promise<void>((listening) => gpu.listen(0, '127.0.0.1', listening))
  // A listening TCP server has an address object.
  url = `http://127.0.0.1:${(gpu.address() as AddressInfo).port}`
})
afterEach(async () => {
  gpu.closeAllConnections()
  await new Promise((closed) => gpu.close(closed))
})

const start = (args: readonly string[] = [], env: Record<string, string> = {}): Promise<VllmProcess> =>
  startVllm(args, { FIREDRILL_GPU_URL: url, ...env })

const held = (kind: string): number =>
  ledger.entries().reduce((sum, entry) => sum + (entry.kind === kind ? entry.mib : 0), 0)

const take = async (mib: number): Promise<Allocation & { ok: true }> => {
  const allocation = await allocateGpuMemory(url, coTenant, mib)
  if (!allocation.ok) throw new Error(`refused ${mib} MiB`)
  return allocation
}

describe('GPU memory of an engine', { timeout: PROCESS_TIMEOUT_MS }, () => {
  test('is weights, KV, graphs and context, told apart; activations come with the load', async () => {
    await using vllm = await start()
    await vllm.ready()
    expect(['weights', 'graphs', 'context', 'activations'].map(held)).toEqual([15_259, 768, 256, 0])
    const free = TOTAL_MIB - ledger.usedMiB()
    // What vLLM requested, but for the activations that it has only measured.
    expect(ledger.usedMiB()).toBeGreaterThan(REQUESTED_MIB - 1_030)
    expect(ledger.usedMiB()).toBeLessThanOrEqual(REQUESTED_MIB)
    await (await vllm.ask({ prompt: 'x'.repeat(8_000), max_tokens: 3 })).text()
    expect(held('activations')).toBeGreaterThan(200)
    expect((await readGpuMemory(url)).freeMiB).toBe(free - held('activations'))
    vllm.child.kill('SIGKILL')
    await eventually(() => ledger.usedMiB() === 0)
  })

  test('that is not free at the start ends it in vLLM’s words', async () => {
    await take(10_000)
    await using vllm = await start()
    expect(await vllm.exitCode()).toBe(1)
    expect(vllm.log()).toContain(
      'ValueError: Free memory on device cuda:0 (69.09/79.11 GiB) on startup is less than desired GPU memory utilization ' +
        '(0.92, 72.78 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.',
    )
    expect(vllm.log()).toContain('RuntimeError: Engine core initialization failed. See root cause above.')
  })

  test('that a co-tenant takes between the check and the cache ends it with CUDA’s words', async () => {
    await using vllm = await start([], { VLLM_EMULATOR_COLD_START: '4s' })
    await eventually(() => held('weights') > 0, 20_000)
    await take(ledger.freeMiB() - 2_000)
    expect(await vllm.exitCode()).toBe(1)
    expect(vllm.log()).toMatch(
      /torch\.OutOfMemoryError: CUDA out of memory\. Tried to allocate [\d.]+ GiB\. GPU 0 has a total capacity of 79\.11 GiB of which 1\.95 GiB is free\./,
    )
  })

  test('that a co-tenant gives back while it is measured ends it, too', async () => {
    const other = await take(5_000)
    await using vllm = await start(['--gpu-memory-utilization', '0.5', '--enforce-eager'], {
      VLLM_EMULATOR_COLD_START: '4s',
    })
    const more = await take(30_000)
    await eventually(() => held('weights') > 0, 20_000)
    other.release()
    more.release()
    expect(await vllm.exitCode()).toBe(1)
    expect(vllm.log()).toMatch(/AssertionError: Error in memory profiling\. Initial free memory 44\.\d+ GiB, current/)
  })

  test('for a larger step than any before may be refused: the engine dies of it, and gives all back', async () => {
    await using vllm = await start()
    await vllm.ready()
    await take(ledger.freeMiB() - 30)
    // Eight tokens fit into what is left, two thousand do not.
    expect((await vllm.ask({ max_tokens: 3 })).status).toBe(200)
    const large = await vllm.ask({ prompt: 'x'.repeat(8_000), max_tokens: 3 })
    expect(large.status).toBe(500)
    expect(vllm.log()).toMatch(
      /EngineCore encountered a fatal error\.[^]*torch\.OutOfMemoryError: CUDA out of memory\./,
    )
    expect(await vllm.exitCode()).toBe(0)
    await eventually(() => ledger.entries().every(({ holder }) => holder.pod === coTenant.pod))
  })

  test('of the KV cache never shrinks: with all the rest taken, the cache fills as before', async () => {
    await using vllm = await start(['--num-gpu-blocks-override', '300', '--max-num-batched-tokens', '1024'])
    await vllm.ready()
    // Activations of the largest step come first.
    await (await vllm.ask({ prompt: 'y'.repeat(8_000), max_tokens: 1 })).text()
    await take(ledger.freeMiB())
    const kv = held('kv_cache')
    const prompts = Array.from({ length: 3 }, (_, index) => `${index}`.repeat(6_000))
    const streams = await Promise.all(prompts.map((prompt) => vllm.ask({ prompt, stream: true, max_tokens: 100 })))
    await eventually(async () => (await vllm.sample('vllm:kv_cache_usage_perc')) > 0.9, 20_000)
    for (const stream of streams) expect(await stream.text()).toContain('"finish_reason":"length"')
    expect(held('kv_cache')).toBe(kv)
  })

  test('without --enable-sleep-mode is in no pool: a sleeping engine keeps it', async () => {
    await using vllm = await start([], { VLLM_SERVER_DEV_MODE: '1' })
    await vllm.ready()
    const post = (path: string): Promise<Response> => fetch(vllm.url + path, { method: 'POST' })
    const before = ledger.usedMiB()
    await post('/sleep?level=1')
    await eventually(() => vllm.log().includes('Sleep mode freed 0.0 GiB memory, 7'))
    expect(await (await fetch(`${vllm.url}/is_sleeping`)).json()).toEqual({ is_sleeping: true })
    await delay(200)
    expect(ledger.usedMiB()).toBe(before)
    // So what nobody should do does no harm.
    await post('/resume')
    expect((await vllm.ask({ max_tokens: 2 })).status).toBe(200)
  })

  test('that sleeps is not there to be used: an engine that is resumed instead of woken dies of its next step', async () => {
    await using vllm = await start(['--enable-sleep-mode'], { VLLM_SERVER_DEV_MODE: '1' })
    await vllm.ready()
    const post = (path: string): Promise<Response> => fetch(vllm.url + path, { method: 'POST' })
    await post('/sleep?level=1')
    await post('/wake_up?tags=weights')
    await post('/resume')
    expect((await vllm.ask({ max_tokens: 2 })).status).toBe(500)
    expect(await vllm.exitCode()).toBe(0)
    expect(vllm.log()).toContain('CUDA error: an illegal memory access was encountered')
  })

  test('of a sleeping engine is free, and may be gone when it wakes', async () => {
    await using vllm = await start(['--enable-sleep-mode'], { VLLM_SERVER_DEV_MODE: '1' })
    await vllm.ready()
    const post = (path: string): Promise<Response> => fetch(vllm.url + path, { method: 'POST' })
    await post('/sleep?level=1')
    await eventually(() => held('weights') + held('kv_cache') === 0)
    expect(
      await vllm.sample('vllm:engine_sleep_state{engine="0",model_name="m-8B",sleep_state="weights_offloaded"}'),
    ).toBe(1)
    const queued = vllm.ask({ max_tokens: 2 })
    expect(await (await post('/wake_up?tags=weights')).json()).toEqual({ status: 'sleeping', tags: ['weights'] })
    expect(await (await post('/wake_up?tags=kv_cache')).json()).toEqual({ status: 'awake', tags: ['kv_cache'] })
    expect((await queued).status).toBe(200)
    await post('/sleep?level=2')
    const FREED = /\(EngineCore pid=\d+\) INFO .* Sleep mode freed 7\d\.\d+ GiB memory, 1\.\d+ GiB memory is/
    await eventually(() => FREED.test(vllm.log()))
    await eventually(() => held('weights') + held('kv_cache') === 0)
    const other = await take(ledger.freeMiB())
    const refused = await post('/wake_up')
    expect([refused.status, await refused.text()]).toEqual([
      500,
      '{"error":{"message":"Call to wake_up method failed: CUDA Error: out of memory at <path>:163","type":"InternalServerError","param":null,"code":500}}',
    ])
    const NOT_MAPPED = /\(EngineCore pid=\d+\) ERROR .* RuntimeError: CUDA Error: out of memory at \/workspace/
    await eventually(() => NOT_MAPPED.test(vllm.log()))
    expect(await (await fetch(`${vllm.url}/is_sleeping`)).json()).toEqual({ is_sleeping: true })
    expect((await fetch(`${vllm.url}/health`)).status).toBe(200)
    other.release()
    await eventually(() => ledger.entries().every(({ holder }) => holder.pod !== coTenant.pod))
    expect(await (await post('/wake_up')).json()).toEqual({ status: 'awake', tags: null })
    expect((await vllm.ask({ max_tokens: 2 })).status).toBe(200)
  })
})
