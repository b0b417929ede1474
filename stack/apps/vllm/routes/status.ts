import type { Driver } from '../driver.ts'
import { empty, json } from '../http/answer.ts'
import type { Routes } from '../http/route.ts'

export interface StatusOptions {
  driver: Driver
  version: string
  /** HTTP requests for tokens that are being answered. */
  load(): number
  /** The whole /metrics page. */
  metricsPage(): string
}

/** What probes and scrapes ask. A hung engine is healthy here, as in vLLM: only a dead one is not. */
export const statusRoutes = ({ driver, version, load, metricsPage }: StatusOptions): Routes => {
  const health: Routes[string] = { GET: ({ response }) => empty(response, driver.dead() ? 503 : 200) }
  return {
    '/health': health,
    '/ping': { ...health, POST: health['GET'] },
    '/version': { GET: ({ response }) => json(response, 200, JSON.stringify({ version })) },
    '/load': {
      GET: ({ response }) => {
        json(response, 200, JSON.stringify({ server_load: load() }))
      },
    },
    '/metrics': {
      GET: ({ response }) => {
        const page = metricsPage()
        response
          .setHeader('content-type', 'text/plain; version=1.0.0; charset=utf-8')
          .setHeader('content-length', Buffer.byteLength(page))
          .end(page)
      },
    },
  }
}
