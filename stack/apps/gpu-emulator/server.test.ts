import { execFile } from 'node:child_process'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startHog } from '../gpu-hog/hog.ts'
import { allocateGpuMemory, injectField, limitPower, readDevice, readGpuMemory, reportUtilisation } from './client.ts'
import { createLedger } from './ledger.ts'
import { createGpuServer } from './server.ts'

const TOTAL = 1_000
const vllm = { pod: 'llm/vllm-0', uid: 'u-0', container: 'vllm' }
const coTenant = { pod: 'llm/hog', uid: 'u-1' }
const device = {
  uuid: 'GPU-1',
  model: 'NVIDIA H100 80GB HBM3',
  hostname: 'gpu-0',
  reservedMiB: 551,
  idleWatts: 72,
  maxWatts: 700,
  minWatts: 200,
}

let server: Server
let url: string
let now = 0

beforeEach(async () => {
  server = createGpuServer(
    createLedger(TOTAL),
    device,
    () => now,
    () => undefined,
  )
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  // A listening TCP server has an address object.
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
})

describe('memory', () => {
  test('is held while the connection is open and free when it is released', async () => {
    const allocation = await allocateGpuMemory(url, vllm, 700)
    expect(allocation.ok).toBe(true)
    expect(await readGpuMemory(url)).toMatchObject({ totalMiB: TOTAL, freeMiB: 300 })
    if (allocation.ok) allocation.release()
    await eventually(async () => (await readGpuMemory(url)).freeMiB === TOTAL)
  })

  test('that is not free is refused with what is there', async () => {
    await allocateGpuMemory(url, vllm, 700)
    expect(await allocateGpuMemory(url, coTenant, 301)).toEqual({
      ok: false,
      memory: { totalMiB: TOTAL, freeMiB: 300 },
    })
    expect(await allocateGpuMemory(url, coTenant, 300)).toMatchObject({ ok: true })
  })

  test('of a process that is killed is freed', async () => {
    const child = execFile(process.execPath, ['-e', holdInChild(url)])
    await eventually(async () => (await readGpuMemory(url)).freeMiB === 400)
    child.kill('SIGKILL')
    await eventually(async () => (await readGpuMemory(url)).freeMiB === TOTAL)
  })

  test('is lost with the device', async () => {
    const allocation = await allocateGpuMemory(url, vllm, 10)
    server.closeAllConnections()
    if (!allocation.ok) throw new Error('refused')
    await allocation.lost
  })

  test('never goes below zero nor above the total, whatever is taken and given', () => {
    const act = fc.record({ give: fc.boolean(), mib: fc.integer({ min: 1, max: 700 }) })
    fc.assert(
      fc.property(fc.array(act), (acts) => {
        const ledger = createLedger(TOTAL)
        for (const { give, mib } of acts) {
          const [first] = ledger.entries()
          const free = ledger.freeMiB()
          if (give && first !== undefined) ledger.give(first)
          else expect(ledger.take(vllm, mib) === null).toBe(mib > free)
          expect(ledger.freeMiB() + ledger.usedMiB()).toBe(TOTAL)
          expect(ledger.freeMiB()).toBeGreaterThanOrEqual(0)
        }
      }),
    )
  })
})

describe('a co-tenant', () => {
  test('takes what is free, grows into what is freed, and gives all back at the end', async () => {
    const serving = await allocateGpuMemory(url, vllm, 900)
    const stop = new AbortController()
    const hog = startHog({
      url,
      holder: coTenant,
      mib: 800,
      signal: stop.signal,
      onProgress: () => undefined,
      onError: (error) => {
        throw error
      },
    })
    await eventually(() => hog.heldMiB() === 100)
    if (serving.ok) serving.release()
    await eventually(() => hog.heldMiB() === 800)
    expect((await allocateGpuMemory(url, vllm, 900)).ok).toBe(false)
    stop.abort()
    await hog.done
    await eventually(async () => (await readGpuMemory(url)).freeMiB === TOTAL)
  })
})

describe('/metrics', () => {
  test('has dcgm-exporter’s names, MiB, and the pod that owns the device', async () => {
    await allocateGpuMemory(url, coTenant, 50)
    await allocateGpuMemory(url, vllm, 700)
    now = 1_000
    await reportUtilisation(url, vllm, 0.5)
    const page = await (await fetch(`${url}/metrics`)).text()
    const labels =
      '{gpu="0",UUID="GPU-1",pci_bus_id="00000000:3B:00.0",device="nvidia0",modelName="NVIDIA H100 80GB HBM3",' +
      'Hostname="gpu-0",DCGM_FI_DRIVER_VERSION="580.95.05",container="vllm",namespace="llm",pod="vllm-0"}'
    expect(page).toContain(`DCGM_FI_DEV_FB_USED${labels} 750\n`)
    expect(page).toContain(`DCGM_FI_DEV_FB_FREE${labels} 250\n`)
    expect(page).toContain(`DCGM_FI_DEV_FB_RESERVED${labels} 551\n`)
    expect(page).toContain(`DCGM_FI_DEV_GPU_UTIL${labels} 50\n`)
  })

  test('forgets a report after five seconds, and names no pod where nobody owns the device', async () => {
    now = 10_000
    const allocation = await allocateGpuMemory(url, vllm, 700)
    await reportUtilisation(url, vllm, 0.5)
    now = 15_001
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/DCGM_FI_DEV_GPU_UTIL\{[^}]*pod="vllm-0"\} 0\n/)
    if (allocation.ok) allocation.release()
    await eventually(async () => !(await (await fetch(`${url}/metrics`)).text()).includes('pod='))
  })
})

describe('a power limit', () => {
  const page = async (): Promise<string> => (await fetch(`${url}/metrics`)).text()

  test('takes clock and power from a busy device, and is told to who reports to it', async () => {
    await allocateGpuMemory(url, vllm, 700)
    expect(await reportUtilisation(url, vllm, 1)).toBe(1)
    expect(await page()).toMatch(/SM_CLOCK\{[^}]*\} 1980\n/)
    expect(await limitPower(url, 200)).toBe(true)
    const speed = await reportUtilisation(url, vllm, 1)
    expect(speed).toBeCloseTo(0.5885, 3)
    expect(await page()).toMatch(/SM_CLOCK\{[^}]*\} 1165\n/)
    expect(await page()).toMatch(/POWER_USAGE\{[^}]*\} 200(\.0\d*)?\n/)
    expect(await readDevice(url)).toMatchObject({ limitWatts: 200, minWatts: 200, maxWatts: 700 })
  })

  test('outside of the device’s range is refused', async () => {
    expect(await limitPower(url, 199)).toBe(false)
    expect(await limitPower(url, 701)).toBe(false)
    expect((await readDevice(url)).limitWatts).toBe(700)
  })
})

describe('injected telemetry', () => {
  test('shows until its time is over, and only in its field', async () => {
    const temperature = async (): Promise<string | undefined> =>
      /GPU_TEMP\{[^}]*\} (\d+)/.exec(await (await fetch(`${url}/metrics`)).text())?.[1]
    now = 1_000
    expect(await temperature()).toBe('31')
    await injectField(url, 150, 95, 10)
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/POWER_USAGE\{[^}]*\} 72\n/)
    now = 10_999
    expect(await temperature()).toBe('95')
    // Older than the one that is there.
    await injectField(url, 150, 60, 0)
    expect(await temperature()).toBe('95')
    now = 11_000
    expect(await temperature()).toBe('31')
  })
})

// --- Internal helpers ---

const eventually = async (check: () => boolean | Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 200; tries++) {
    if (await check()) return
    await delay(10)
  }
  throw new Error('did not happen within two seconds')
}

/** A process that takes 600 MiB and hangs. */
const holdInChild = (base: string): string => `
  const call = require('node:http').request('${base}/v1/allocations', { method: 'POST' }, (response) => response.resume())
  call.end(JSON.stringify({ pod: 'llm/dies', uid: 'u-2', mib: 600 }))
  setInterval(() => undefined, 1000)
`
