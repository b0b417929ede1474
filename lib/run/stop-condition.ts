import type { Clock } from '../core/clock.ts'
import { errorMessage } from '../core/errors.ts'
import type { PrometheusClient } from '../prometheus/client.ts'

const EVERY_MS = 3_000

/**
 * Asks the scenario's `stopWhen` every three seconds; resolves with the reason once it returned anything, or null when
 * the signal came first. A Prometheus that does not answer is no reason to stop: it is told, and asked again.
 */
export const stopCondition = async (
  prometheus: Pick<PrometheusClient, 'query'>,
  promql: string,
  { clock, signal, onError }: { clock: Clock; signal: AbortSignal; onError(message: string): void },
): Promise<string | null> => {
  while (!signal.aborted) {
    await clock.sleep(EVERY_MS, signal)
    if (signal.aborted) break
    try {
      const [sample] = await prometheus.query(promql)
      if (sample !== undefined) return `stop condition met: ${promql} returned ${sample.value}`
    } catch (error) {
      onError(errorMessage(error))
    }
  }
  return null
}
