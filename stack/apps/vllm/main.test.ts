import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { allocateGpuMemory, readGpuMemory } from '../gpu-emulator/client.ts'
import { createLedger } from '../gpu-emulator/ledger.ts'
import { createGpuServer } from '../gpu-emulator/server.ts'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))
const TOTAL_MIB = 81_008
/** Processes on a machine that may be busy with others. */
const TIMEOUT_MS = 30_000

test(
  'listens after its cold start, and a SIGTERM aborts streams and ends with 0',
  { timeout: TIMEOUT_MS },
  async () => {
    const port = await freePort()
    const child = start(port, {})
    const output = text(child.stdout ?? process.stdin)
    expect(await fetch(`http://127.0.0.1:${port}/health`).catch(() => 'refused')).toBe('refused')
    await ready(port)
    const stream = await fetch(`http://127.0.0.1:${port}/v1/completions`, {
      method: 'POST',
      body: JSON.stringify({ prompt: 'x', max_tokens: 2_000, ignore_eos: true, stream: true }),
    })
    child.kill('SIGTERM')
    expect(await stream.text()).toContain('"finish_reason":"abort"')
    expect(await exitCode(child)).toBe(0)
    expect(await output).toContain('Application shutdown complete.')
  },
)

test(
  'holds its share of the device, and a second one beside it fails in vLLM’s words',
  { timeout: TIMEOUT_MS },
  async () => {
    const gpu = createGpuServer(
      createLedger(TOTAL_MIB),
      { uuid: 'GPU-1', model: 'H100', hostname: 'n', reservedMiB: 0, idleWatts: 1, maxWatts: 2 },
      () => Date.now(),
      () => undefined,
    )
    gpu.listen(0, '127.0.0.1')
    await once(gpu, 'listening')
    // A listening TCP server has an address object.
    const url = `http://127.0.0.1:${(gpu.address() as AddressInfo).port}`

    const port = await freePort()
    const first = start(port, { FIREDRILL_GPU_URL: url })
    await ready(port)
    expect((await readGpuMemory(url)).freeMiB).toBe(TOTAL_MIB - 74_527)
    const second = start(await freePort(), { FIREDRILL_GPU_URL: url })
    const output = text(second.stdout ?? process.stdin)
    expect(await exitCode(second)).toBe(1)
    expect(await output).toContain(
      'ValueError: Free memory on device cuda:0 (6.33/79.11 GiB) on startup is less than desired GPU memory utilization ' +
        '(0.92, 72.78 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.',
    )
    first.kill('SIGKILL')
    await exitCode(first)
    await delay(50)
    expect(await allocateGpuMemory(url, { pod: 'a/b', uid: 'c' }, TOTAL_MIB)).toMatchObject({ ok: true })
    gpu.closeAllConnections()
    gpu.close()
  },
)

// --- Internal helpers ---

const start = (port: number, env: Record<string, string>): ChildProcess =>
  spawn(
    process.execPath,
    [MAIN, '--model', 'm-8B', '--max-model-len', '4096', '--host', '127.0.0.1', '--port', String(port)],
    {
      env: { ...process.env, VLLM_EMULATOR_COLD_START: '1200ms', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  // As above.
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

const ready = async (port: number): Promise<void> => {
  for (let tries = 0; tries < 100; tries++) {
    const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => null)
    if (answer?.ok === true) return
    await delay(100)
  }
  throw new Error('not ready within ten seconds')
}

const exitCode = async (child: ChildProcess): Promise<unknown> => {
  if (child.exitCode !== null) return child.exitCode
  const [code] = await once(child, 'exit')
  return code
}
