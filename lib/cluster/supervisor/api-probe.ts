import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import type { SupervisorPlan } from './plan.ts'

/** The HTTP status of a GET with the cluster's admin certificate, or null where nobody answers within 2 s. */
export type ApiProbe = (path: string) => Promise<number | null>

export const apiProbe = ({ url, caFile, certFile, keyFile }: SupervisorPlan['api']): ApiProbe => {
  const agent = new Agent({ ca: readFileSync(caFile), cert: readFileSync(certFile), key: readFileSync(keyFile) })
  return (path) =>
    new Promise((resolve) => {
      const call = request(new URL(path, url), { agent, timeout: 2_000 }, (response) => {
        response.resume()
        resolve(response.statusCode ?? null)
      })
      call.once('timeout', () => call.destroy())
      call.once('error', () => resolve(null))
      call.end()
    })
}
