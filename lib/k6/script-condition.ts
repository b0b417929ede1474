import http from 'k6/http'
import { target } from './script-target.ts'
import { messageOf } from './script-tell.ts'
import { type Answer, type Truth, truthOf } from './truth.ts'

/** The timeline waits for nothing longer than this. */
const TIMEOUT = '2s'

export const askCondition = (promql: string): Truth => {
  const { prometheus } = target
  if (prometheus === null) return { kind: 'unknown', message: 'nobody said where Prometheus is' }
  try {
    const url = `${prometheus.url.replace(/\/$/, '')}/api/v1/query`
    const response = http.post(url, { query: promql }, { headers: prometheus.headers, timeout: TIMEOUT })
    if (response.status !== 200) return { kind: 'unknown', message: response.error || `HTTP ${response.status}` }
    return truthOf(response.json() as unknown as Answer) // Prometheus' API
  } catch (error) {
    return { kind: 'unknown', message: messageOf(error) }
  }
}
