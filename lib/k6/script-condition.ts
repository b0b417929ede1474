import http from 'k6/http'
import { target } from './script-target.ts'
import { messageOf } from './script-tell.ts'

/** What Prometheus says to a condition now. It is true where anything is returned, and nothing is known where there is no answer. */
export type Truth = { kind: 'true'; value: number } | { kind: 'false' } | { kind: 'unknown'; message: string }

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

// --- Internal helpers ---

type Sample = [at: number, value: string]

interface Answer {
  data?: { resultType: 'vector'; result: { value: Sample }[] } | { resultType: 'scalar'; result: Sample }
}

const truthOf = ({ data }: Answer): Truth => {
  const sample = data?.resultType === 'vector' ? data.result[0]?.value : data?.result
  return sample === undefined ? { kind: 'false' } : { kind: 'true', value: Number(sample[1]) }
}
