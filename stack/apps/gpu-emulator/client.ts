import { type ClientRequest, request } from 'node:http'
import { text as readText } from 'node:stream/consumers'
import { z } from 'zod'

export const GpuMemory = z.object({ totalMiB: z.number(), freeMiB: z.number() })
export type GpuMemory = z.infer<typeof GpuMemory>

export const DevicePower = z.object({
  uuid: z.string(),
  limitWatts: z.number(),
  minWatts: z.number(),
  maxWatts: z.number(),
})
export type DevicePower = z.infer<typeof DevicePower>

const Speed = z.object({ speed: z.number().positive().max(1) })

/** What memory is used for: for who looks into the ledger; the device counts only their sum. */
export const MemoryKind = z.enum(['context', 'weights', 'kv_cache', 'graphs', 'activations'])
export type MemoryKind = z.infer<typeof MemoryKind>

export interface Holder {
  /** `namespace/name`, from FIREDRILL_POD. */
  pod: string
  uid: string
  /** The container that owns the device, as dcgm-exporter names it; a co-tenant that only looks in has none. */
  container?: string
}

export type Allocation =
  | {
      ok: true
      /** Resolves when the connection, and with it the memory, is gone for whatever reason. */
      lost: Promise<void>
      release(): void
    }
  | { ok: false; memory: GpuMemory }

/** `GET /v1/memory`. Rejects where the device does not answer. */
export const readGpuMemory = async (url: string): Promise<GpuMemory> => {
  const { status, text } = await ask(url, 'GET', '/v1/memory')
  if (status !== 200) throw new Error(`GPU emulator at ${url} answered ${status}`)
  return GpuMemory.parse(JSON.parse(text))
}

/**
 * Tells the busy share (0 to 1) of the last second; the answer is the share of its full clock that the device runs at, or null where there
 * is none: a report that does not arrive is not worth a failure.
 */
export const reportUtilisation = async (url: string, { pod, uid }: Holder, busy: number): Promise<number | null> => {
  try {
    const { text } = await ask(url, 'POST', '/v1/utilisation', JSON.stringify({ pod, uid, busy }))
    return Speed.parse(JSON.parse(text)).speed
  } catch {
    return null
  }
}

/** The device and its power limit. */
export const readDevice = async (url: string): Promise<DevicePower> => {
  const { status, text } = await ask(url, 'GET', '/v1/device')
  if (status !== 200) throw new Error(`GPU emulator at ${url} answered ${status}`)
  return DevicePower.parse(JSON.parse(text))
}

/** False where the device has no such limit. */
export const limitPower = async (url: string, watts: number): Promise<boolean> =>
  (await ask(url, 'POST', '/v1/power-limit', JSON.stringify({ watts }))).status === 200

/** Puts a value into DCGM's cache, where it is the latest for so long. */
export const injectField = async (url: string, field: number, value: number, seconds: number): Promise<void> => {
  const { status, text } = await ask(url, 'POST', '/v1/fields', JSON.stringify({ field, value, seconds }))
  if (status !== 200) throw new Error(`GPU emulator at ${url} answered ${status}: ${text}`)
}

/** Takes memory and holds it by an open connection: the death of this process frees it, as a driver would. */
export const allocateGpuMemory = (url: string, holder: Holder, mib: number, kind?: MemoryKind): Promise<Allocation> =>
  new Promise((resolve, reject) => {
    const body = JSON.stringify({ ...holder, mib, kind })
    const call: ClientRequest = request(new URL('/v1/allocations', url), {
      method: 'POST',
      agent: false,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    })
    call.on('error', reject)
    call.on('response', (response) => {
      let text = ''
      const lost = new Promise<void>((gone) => response.once('close', gone))
      response.setEncoding('utf8')
      // Errors of a broken connection show as `close`, which is what counts.
      response.on('error', () => undefined)
      call.on('error', () => undefined)
      response.on('data', (part: string) => {
        text += part
        if (response.statusCode === 200) resolve({ ok: true, lost, release: () => call.destroy() })
      })
      response.on('end', () => {
        if (response.statusCode === 409) resolve({ ok: false, memory: GpuMemory.parse(JSON.parse(text)) })
        else reject(new Error(`GPU emulator at ${url} answered ${response.statusCode}: ${text}`))
      })
    })
    call.end(body)
  })

// --- Internal helpers ---

interface Answer {
  status: number
  text: string
}

/** node:http, because the first use of fetch takes 12 MB, in each of many small programs. */
const ask = (url: string, method: string, path: string, body = ''): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const call = request(new URL(path, url), { method, headers }, (response) => {
      readText(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject)
    })
    call.on('error', reject)
    call.end(body)
  })
