import { formatDuration } from '../core/duration.ts'
import { parsePromDuration } from './duration.ts'
import { durationSpans } from './promql.ts'

/** `1m30s` over 7.5 is `12s`. Rounded to the millisecond, never to nothing; factor 1 leaves the text as it is. */
export const divideDuration = (text: string, factor: number): string => {
  const ms = parsePromDuration(text)
  if (factor === 1 || ms === null) return text
  return ms === 0 ? text : formatDuration(Math.max(1, Math.round(ms / factor)))
}

/** Divides every range, subquery range and step, and offset of an expression; all other text stays as it is. */
export const divideDurations = (expr: string, factor: number): string => {
  if (factor === 1) return expr
  let scaled = ''
  let end = 0
  for (const { from, to, literal } of durationSpans(expr)) {
    const text = expr.slice(from, to)
    scaled += expr.slice(end, from) + (literal ? divideDuration(text, factor) : `((${text}) / ${factor})`)
    end = to
  }
  return scaled + expr.slice(end)
}
