import { finite } from '../../core/finite.ts'
import type { SampleSeries } from '../../core/run-folder.ts'
import type { PrometheusClient, Span } from '../../prometheus/client.ts'

/** One answer holds at most this much time, so that a long run does not come as one enormous body. */
const CHUNK_MS = 30 * 60_000

/** Raw samples in [from, to] of every series that the selector matches, without `__name__`. */
export const rawSamples = async (
  client: Pick<PrometheusClient, 'samples'>,
  selector: string,
  { from, to }: Span,
): Promise<SampleSeries[]> => {
  const series = new Map<string, SampleSeries>()
  // The range is open at its left end.
  for (let start = from - 1; start < to; start += CHUNK_MS) {
    for (const { labels, samples } of await client.samples(selector, {
      from: start,
      to: Math.min(start + CHUNK_MS, to),
    })) {
      const { __name__: _, ...own } = labels
      const key = JSON.stringify(Object.entries(own).sort())
      const known = series.get(key)
      if (known === undefined) series.set(key, { labels: own, samples })
      else known.samples.push(...samples)
    }
  }
  return [...series.values()]
}

/** What JSON can hold: infinities become the largest numbers, NaN becomes 0. */
export const jsonSamples = ({ labels, samples }: SampleSeries): SampleSeries => ({
  labels,
  samples: samples.map(([at, value]) => [at, finite(value)]),
})
