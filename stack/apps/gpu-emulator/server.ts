import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { z } from 'zod'
import { MemoryKind } from './client.ts'
import type { Ledger } from './ledger.ts'
import { createDeviceState, type Device, type DeviceState, renderDcgm } from './metrics.ts'

export type Log = (event: string, fields: Record<string, unknown>) => void

const AllocationBody = z.object({
  pod: z.string(),
  uid: z.string(),
  container: z.string().optional(),
  mib: z.number().int().positive(),
  kind: MemoryKind.optional(),
})
const UtilisationBody = z.object({ pod: z.string(), uid: z.string(), busy: z.number().min(0).max(1) })
const PowerLimitBody = z.object({ watts: z.number() })
const InjectionBody = z.object({ field: z.number().int(), value: z.number(), seconds: z.number().nonnegative() })

/** The allocation API of docs/architecture.md and dcgm-exporter's /metrics for one device; not listening yet. */
export const createGpuServer = (ledger: Ledger, device: Device, now: () => number, log: Log): Server => {
  const state = createDeviceState(device)
  const server = createServer((request, response) => {
    answer(request, response, { ledger, device, state, now, log }).catch((error: unknown) => {
      if (!response.headersSent) send(response, 400, { error: String(error) })
    })
  })
  // An allocation is a connection that says nothing for hours.
  server.requestTimeout = 0
  server.timeout = 0
  return server
}

// --- Internal helpers ---

interface Context {
  ledger: Ledger
  device: Device
  state: DeviceState
  now(): number
  log: Log
}

const answer = async (request: IncomingMessage, response: ServerResponse, context: Context): Promise<void> => {
  const { ledger, device, state, now, log } = context
  switch (`${request.method} ${request.url}`) {
    case 'GET /metrics':
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
      response.end(renderDcgm(ledger, device, state, now()))
      return
    case 'GET /v1/memory':
      return send(response, 200, {
        ...memory(ledger),
        holders: ledger.entries(),
      })
    case 'GET /health':
    case 'GET /healthz':
      return send(response, 200, { ok: true })
    case 'POST /v1/utilisation': {
      const { busy, ...holder } = UtilisationBody.parse(await json(request))
      ledger.report(holder, busy, now())
      return send(response, 200, { speed: state.power.speed() })
    }
    case 'GET /v1/device':
      return send(response, 200, {
        uuid: device.uuid,
        limitWatts: state.power.limitWatts(),
        minWatts: device.minWatts,
        maxWatts: device.maxWatts,
      })
    case 'POST /v1/power-limit': {
      const { watts } = PowerLimitBody.parse(await json(request))
      const accepted = state.power.limit(watts)
      log(accepted ? 'power limited' : 'power limit refused', { watts })
      return send(response, accepted ? 200 : 409, { limitWatts: state.power.limitWatts() })
    }
    case 'POST /v1/fields': {
      const { field, value, seconds } = InjectionBody.parse(await json(request))
      state.injections.add(field, value, now() + seconds * 1_000)
      log('telemetry injected', { field, value, seconds })
      return send(response, 200, {})
    }
    case 'POST /v1/allocations':
      return allocate(AllocationBody.parse(await json(request)), response, context)
    default:
      return send(response, 404, { error: 'not found' })
  }
}

const allocate = (
  { pod, uid, container, mib, kind }: z.infer<typeof AllocationBody>,
  response: ServerResponse,
  { ledger, log }: Context,
): void => {
  // Dead before it was answered: nobody would ever give the memory back.
  if (response.destroyed) return
  const holder = { pod, uid, ...(container === undefined ? {} : { container }) }
  const entry = ledger.take(holder, mib, kind)
  if (entry === null) {
    log('refused', { pod, mib, kind, ...memory(ledger) })
    return send(response, 409, memory(ledger))
  }
  log('allocated', { pod, mib, kind, ...memory(ledger) })
  response.once('close', () => {
    ledger.give(entry)
    log('freed', { pod, mib, kind, ...memory(ledger) })
  })
  response.writeHead(200, { 'content-type': 'application/json' })
  response.write(`${JSON.stringify({ mib, ...memory(ledger) })}\n`)
}

const memory = (ledger: Ledger): { totalMiB: number; freeMiB: number } => ({
  totalMiB: ledger.totalMiB,
  freeMiB: ledger.freeMiB(),
})

const send = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
