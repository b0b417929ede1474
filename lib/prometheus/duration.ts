// Prometheus' own durations: whole numbers of y, w, d, h, m, s, ms in that order, which lib/core's are not.
const DURATION = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/
const UNITS_MS = [365 * 86_400_000, 7 * 86_400_000, 86_400_000, 3_600_000, 60_000, 1_000, 1]

/** Milliseconds of a duration in a rule file or a PromQL expression (`1m30s`; a bare number is seconds), or null where it is not one. */
export const parsePromDuration = (text: string): number | null => {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000
  const parts = DURATION.exec(text)?.slice(1)
  if (parts === undefined || text === '') return null
  return parts.reduce((sum, count, index) => sum + Number(count ?? 0) * (UNITS_MS[index] ?? 0), 0)
}
