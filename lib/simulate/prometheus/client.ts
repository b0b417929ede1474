import type { SampleSeries } from '../../core/run-folder.ts'
import { QueryResult } from '../../prometheus/api.ts'
import { prometheusClient, type PrometheusClient } from '../../prometheus/client.ts'
import type { Fetch } from '../../prometheus/request.ts'
import type { Question, SimulatedPrometheus } from './simulated-prometheus.ts'

export interface SimulatedClientOptions {
  prometheus: Pick<SimulatedPrometheus, 'ask'>
  /** Simulated time, for questions that name none. */
  now(): number
  /** Keeps simulated time still while it waits. */
  hold<T>(work: Promise<T>): Promise<T>
  /** Names of the metric families that the targets describe. */
  described(): Iterable<string>
}

/** The client that real runs use, on the simulated Prometheus. */
export const simulatedClient = (options: SimulatedClientOptions): PrometheusClient =>
  prometheusClient({ endpoint: { url: 'http://simulated', headers: {} }, fetch: simulatedFetch(options) })

/** The series of a range or matrix answer. */
export const seriesOf = (answer: string): SampleSeries[] => {
  const result = QueryResult.parse(JSON.parse(answer))
  return result.resultType === 'matrix'
    ? result.result.map(({ metric, values }) => ({ labels: metric, samples: values }))
    : []
}

// --- Internal helpers ---

/** The API's paths that a client of a simulation has need of. */
const simulatedFetch = ({ prometheus, now, hold, described }: SimulatedClientOptions): Fetch => {
  const dataOf = async (path: string, params: URLSearchParams): Promise<string | null> => {
    const time = (name: string): number => {
      const text = params.get(name)
      return text === null ? now() : Math.round(Number(text) * 1_000)
    }
    const ask = (question: Question): Promise<string> => hold(prometheus.ask(question))
    const expr = params.get('query') ?? ''
    switch (path) {
      case '/api/v1/query':
        return ask({ kind: 'query', expr, at: time('time') })
      case '/api/v1/query_range':
        return ask({ kind: 'range', expr, from: time('start'), to: time('end'), step: time('step') })
      case '/api/v1/rules':
        return ask({ kind: 'rules' })
      case '/api/v1/label/__name__/values':
        return ask({ kind: 'names', from: time('start'), to: time('end') })
      case '/api/v1/metadata':
        return JSON.stringify(Object.fromEntries([...described()].map((name) => [name, []])))
      default:
        return null
    }
  }
  return async (url, { body }) => {
    const { pathname, searchParams } = new URL(url)
    const params = body instanceof URLSearchParams ? body : searchParams
    try {
      const data = await dataOf(pathname, params)
      return data === null ? new Response(null, { status: 404 }) : new Response(`{"status":"success","data":${data}}`)
    } catch (error) {
      const answer = { status: 'error', errorType: 'execution', error: error instanceof Error ? error.message : '' }
      return new Response(JSON.stringify(answer), { status: 422 })
    }
  }
}
