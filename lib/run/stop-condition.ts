import type { PrometheusClient } from '../prometheus/client.ts'
import { poll, type Polling } from './poll.ts'

export const STOP_EVERY_MS = 3_000

/** Asks the scenario's `stopWhen` every three seconds; resolves with the reason once it returned anything. */
export const stopCondition = (
  prometheus: Pick<PrometheusClient, 'query'>,
  promql: string,
  polling: Polling,
): Promise<string | null> =>
  poll(
    STOP_EVERY_MS,
    async () => {
      const [sample] = await prometheus.query(promql)
      return sample === undefined ? null : `stop condition met: ${promql} returned ${sample.value}`
    },
    polling,
  )
