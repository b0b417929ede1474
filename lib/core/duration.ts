import { z } from 'zod'

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/gy

const isUnit = (text: string | undefined): text is keyof typeof UNITS => text !== undefined && text in UNITS

/** Milliseconds of a Prometheus- or k6-style duration (`90s`, `1m30s`, `250ms`), or null where it is not one. */
export const parseDuration = (text: string): number | null => {
  let total = 0
  let end = 0
  for (const match of text.matchAll(PART)) {
    const unit = match[2]
    if (!isUnit(unit)) return null
    total += Number(match[1]) * UNITS[unit]
    end = match.index + match[0].length
  }
  return end === text.length && end > 0 ? total : null
}

/** The shortest exact form: `90000` is `1m30s`, `250` is `250ms`, `0` is `0s`. */
export const formatDuration = (ms: number): string => {
  let rest = Math.round(ms)
  if (rest <= 0) return '0s'
  let text = ''
  for (const unit of ['h', 'm', 's', 'ms'] as const) {
    const count = Math.floor(rest / UNITS[unit])
    rest -= count * UNITS[unit]
    if (count > 0) text += `${count}${unit}`
  }
  return text
}

/** A duration in a scenario or a fault: text as people write it, milliseconds once parsed. Numbers are milliseconds already. */
export const Duration = z.union(
  [
    z.number().nonnegative(),
    z.string().transform((text, context) => {
      const ms = parseDuration(text)
      if (ms !== null) return ms
      context.addIssue({ code: 'custom' })
      return z.NEVER
    }),
  ],
  { error: ({ input }) => `expected a duration such as "90s" or "1m30s", found ${JSON.stringify(input)}` },
)
