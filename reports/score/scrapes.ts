import type { SampleSeries } from '../../lib/core/run-folder.ts'

/** The end of what Prometheus is known to have seen: its last scrape or alert sample; null where it kept none. */
export const observedTo = (...parts: (readonly SampleSeries[] | null)[]): number | null => {
  let last: number | null = null
  for (const { samples } of parts.flatMap((part) => part ?? [])) {
    const at = samples.at(-1)?.[0] ?? null
    if (at !== null && (last === null || at > last)) last = at
  }
  return last
}

/** S around an onset: the widest gap between two scrapes of one target, and never less than the configured interval. */
export const scrapeIntervalAround = (
  scrapes: readonly SampleSeries[] | null,
  onset: number,
  configuredMs: number,
): number => {
  let widest = configuredMs
  for (const { samples } of scrapes ?? []) {
    for (const [index, [at]] of samples.entries()) {
      const before = samples[index - 1]?.[0]
      if (before === undefined || at < onset || before > onset + configuredMs) continue
      widest = Math.max(widest, Math.min(at - before, configuredMs * MOST_MISSED))
    }
  }
  return widest
}

/** Whether any target was scraped in the interval at all; true where no scrapes were kept, which is said elsewhere. */
export const wasScraped = (scrapes: readonly SampleSeries[] | null, from: number, to: number): boolean =>
  scrapes === null || scrapes.some(({ samples }) => samples.some(([at]) => at >= from && at <= to))

// --- Internal helpers ---

/** A longer gap is a target that went away and came back, not a slow scrape. */
const MOST_MISSED = 5
