import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { allocateGpuMemory, readGpuMemory } from '../gpu-emulator/client.ts'
import { createLedger } from '../gpu-emulator/ledger.ts'
import { createGpuServer } from '../gpu-emulator/server.ts'
import { utilizationOf } from './reserve.ts'

// Each starts programs, on a machine that may have other work.
vi.setConfig({ testTimeout: 60_000 })

const TOTAL = 81_008

let server: Server
let url: string
let children: ChildProcess[]

beforeEach(async () => {
  children = []
  const device = {
    uuid: 'GPU-1',
    model: 'H100',
    hostname: 'gpu-0',
    reservedMiB: 551,
    idleWatts: 72,
    maxWatts: 700,
    minWatts: 200,
  }
  server = createGpuServer(
    createLedger(TOTAL),
    device,
    () => 0,
    () => undefined,
  )
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  // A listening TCP server has an address object.
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(async () => {
  for (const { pid, exitCode, signalCode } of children) {
    // The whole group of each, as the node agent does.
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL')
  }
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
})

/** The program as the node agent starts it: in a group of its own, with a Node script in vLLM's place. */
const start = (script: string, ...args: string[]) => {
  const main = new URL('main.ts', import.meta.url).pathname
  const env = { PATH: process.env['PATH'], FIREDRILL_GPU_URL: url, FIREDRILL_POD: 'llm/vllm-0', FIREDRILL_POD_UID: 'u' }
  const child = spawn(process.execPath, [main, process.execPath, '-e', script, '--', 'serve', ...args], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (text += part.toString()))
  return { child, said: () => text, ended: once(child, 'exit') }
}

const eventually = async (check: () => boolean | Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 1_000; tries++) {
    if (await check()) return
    await delay(20)
  }
  throw new Error('did not happen within twenty seconds')
}

const freeMiB = async (): Promise<number> => (await readGpuMemory(url)).freeMiB

const SERVE = "console.log('serving'); setInterval(() => undefined, 1000)"

test('vLLM runs while its share of the emulated GPU is held, and death by SIGKILL gives it back', async () => {
  const { child, said } = start(SERVE, '--gpu-memory-utilization', '0.5')
  await eventually(() => said().includes('serving'))
  expect(await freeMiB()).toBe(TOTAL - Math.ceil(TOTAL / 2))
  expect(said()).toContain('emulated GPU')
  process.kill(-(child.pid ?? 0), 'SIGKILL')
  await eventually(async () => (await freeMiB()) === TOTAL)
})

test('beside a co-tenant it is not started: it ends with vLLM’s own words, and can start once there is room', async () => {
  const coTenant = await allocateGpuMemory(url, { pod: 'llm/hog', uid: 'h' }, 74_526)
  const starved = start(SERVE)
  expect((await starved.ended)[0]).toBe(1)
  expect(starved.said()).toContain(
    'ValueError: Free memory on device cuda:0 (6.33/79.11 GiB) on startup is less than desired GPU memory utilization ' +
      '(0.92, 72.78 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.',
  )
  expect(starved.said()).not.toContain('serving')
  if (coTenant.ok) coTenant.release()
  await eventually(async () => (await freeMiB()) === TOTAL)
  const { said } = start(SERVE)
  await eventually(() => said().includes('serving'))
})

test('SIGTERM to the group ends vLLM, whose exit code is the container’s', async () => {
  const { child, said, ended } = start(`process.on('SIGTERM', () => process.exit(7)); ${SERVE}`)
  await eventually(() => said().includes('serving'))
  process.kill(-(child.pid ?? 0), 'SIGTERM')
  expect((await ended)[0]).toBe(7)
})

test('when the device is gone, vLLM ends with it', async () => {
  const { said, ended } = start(SERVE)
  await eventually(() => said().includes('serving'))
  server.closeAllConnections()
  expect((await ended)[0]).toBe(1)
  expect(said()).toContain('CUDA error')
})

test.each([
  [['--max-model-len', '4096'], 0.92],
  [['--gpu-memory-utilization', '0.5'], 0.5],
  [['--gpu_memory_utilization=0.7'], 0.7],
  [['--gpu-memory-utilization', '0.5', '--gpu-memory-utilization=0.6'], 0.6],
])('%j asks for %d of the device', (args, share) => {
  expect(utilizationOf(args)).toBe(share)
})
