import { formatDuration } from './duration.ts'
import type { Lengths } from './lengths.ts'
import { meanOf, quantileAt, shareUpTo } from './quantiles.ts'
import type { Workload } from './workload.ts'

/** The workload as people read it in the plan and the report: a list of facts, what was bent to fit said plainly. */
export const describeWorkload = (workload: Workload): string[] => {
  const { cancel, outputTokens, prefixes, promptTokens, sharedPromptTokens, slo, sourceArrivals, turns } = workload
  const facts = [`prompt tokens ${describeLengths(promptTokens)}`, `output tokens ${describeLengths(outputTokens)}`]
  if (isDrawn(promptTokens) && isDrawn(outputTokens)) facts.push('prompt and output lengths are drawn independently')
  if (sharedPromptTokens > 0) facts.push(`${sharedPromptTokens} tokens shared by all in front`)
  if (prefixes !== undefined) {
    const skew = prefixes.skew === 0 ? 'all alike' : `by Zipf's law, exponent ${prefixes.skew}`
    facts.push(`one of ${prefixes.count} shared prefixes of ${prefixes.tokens} tokens, drawn ${skew}`)
  }
  if (turns !== undefined) {
    const history = turns.history === 'scripted' ? 'scripted answers' : "the server's answers"
    facts.push(`chats of ${describeLengths(turns.count)} turns with ${history} as history`)
  }
  if (cancel !== undefined) facts.push(describeCancel(cancel))
  if (slo !== undefined && Object.values(slo).some((limit) => limit !== undefined)) {
    const limits = Object.entries(slo).flatMap(([name, ms]) =>
      ms === undefined ? [] : [`${name} ${formatDuration(ms)}`],
    )
    facts.push(`promised ${limits.join(', ')}`)
  }
  if (sourceArrivals !== undefined) {
    const { burstiness, process, rate, source } = sourceArrivals
    const shape = burstiness === undefined ? '' : ` of shape ${burstiness}`
    facts.push(`arrivals there were ${process}${shape}${rate === undefined ? '' : `, ${rate} a second`} (${source})`)
  }
  return facts
}

/** `100 to 300`, `512`, or the percentiles of a table with its source and what its clamp does. */
export const describeLengths = (lengths: Lengths): string => {
  if ('fixed' in lengths) return `${lengths.fixed}`
  if (!('quantiles' in lengths)) return `${lengths.min} to ${lengths.max}`
  const { clamp, licence, quantiles, source } = lengths
  const [p50, p99, most] = [0.5, 0.99, 1].map((p) => quantileAt(quantiles, p))
  const shape = `mean ${Math.round(meanOf(quantiles))}, p50 ${p50}, p99 ${p99}, at most ${most} (${source}, ${licence})`
  const moved: string[] = []
  if (clamp?.min !== undefined)
    moved.push(`${percent(shareUpTo(quantiles, clamp.min - 1))} of the draws are raised to ${clamp.min}`)
  if (clamp?.max !== undefined)
    moved.push(`${percent(1 - shareUpTo(quantiles, clamp.max))} of the draws are cut to ${clamp.max}`)
  return moved.length === 0 ? shape : `${shape}, clamped: ${moved.join(', ')}`
}

// --- Internal helpers ---

const isDrawn = (lengths: Lengths): boolean => !('fixed' in lengths)

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

const describeCancel = ({ share, afterTokens, afterTime }: NonNullable<Workload['cancel']>): string => {
  if (afterTokens !== undefined)
    return `${percent(share)} of requests are left by the user after ${describeLengths(afterTokens)} tokens`
  const { min = 0, max = 0 } = afterTime ?? {}
  return `${percent(share)} of requests are left by the user after ${formatDuration(min)} to ${formatDuration(max)}`
}
