import type { Outcome } from '../core/verdict.ts'
import type { Campaign, IncidentLine } from './simulate-campaign.ts'
import { renderTable } from './table.ts'

export interface Totals {
  simulated: true
  incidents: number
  outcomes: Record<Outcome, number>
  /** Each question of the scenario: how often it was answered, and how long that took from the injection. */
  questions: {
    question: string
    pass: number
    fail: number
    unknown: number
    timeToDetectMs: { p50: number; p95: number; max: number } | null
  }[]
  /** What alerts did beyond being quiet: alert and class at each step, and in how many incidents. */
  alerts: { step: string | null; alert: string; class: string; incidents: number }[]
}

/** A campaign in numbers. */
export const totalsOf = ({ lines }: Pick<Campaign, 'lines'>): Totals => {
  const outcomes: Record<Outcome, number> = { pass: 0, fail: 0, unknown: 0 }
  for (const { outcome } of lines) outcomes[outcome]++
  const answers = Map.groupBy(
    lines.flatMap((line) => line.answers),
    ({ question }) => question,
  )
  const alerts = Map.groupBy(
    lines.flatMap((line) => line.alerts),
    ({ step, alert, class: judged }) => JSON.stringify([step, alert, judged]),
  )
  return {
    simulated: true,
    incidents: lines.length,
    outcomes,
    questions: [...answers].map(([question, all]) => ({
      question,
      pass: count(all, 'pass'),
      fail: count(all, 'fail'),
      unknown: count(all, 'unknown'),
      timeToDetectMs: spread(all.flatMap(({ timeToDetectMs }) => timeToDetectMs ?? [])),
    })),
    alerts: [...alerts.values()].flatMap((all) => {
      const [first] = all
      return first === undefined
        ? []
        : [{ step: first.step, alert: first.alert, class: first.class, incidents: all.length }]
    }),
  }
}

/** As people read it on a terminal. */
export const campaignTable = (campaign: Campaign): string => {
  const { incidents, outcomes, questions, alerts } = totalsOf(campaign)
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`
  const asked = questions.map(({ question, pass, fail, unknown, timeToDetectMs: ttd }) => [
    question,
    String(pass),
    String(fail),
    String(unknown),
    ...(ttd === null ? ['–', '–', '–'] : [seconds(ttd.p50), seconds(ttd.p95), seconds(ttd.max)]),
  ])
  const fired = alerts
    .toSorted((a, b) => b.incidents - a.incidents)
    .map(({ step, alert, class: judged, incidents: times }) => [step ?? '–', alert, judged, String(times)])
  const failed = campaign.lines.filter(({ outcome }) => outcome !== 'pass')
  return [
    renderTable([['QUESTION', 'PASS', 'FAIL', 'UNKNOWN', 'DETECTED P50', 'P95', 'MAX'], ...asked]),
    renderTable([['STEP', 'ALERT', 'DID', 'INCIDENTS'], ...fired]),
    ...(failed.length === 0 ? [] : [failures(failed)]),
    `${incidents} simulated incidents: ${outcomes.pass} pass, ${outcomes.fail} fail, ${outcomes.unknown} unknown\n`,
  ].join('\n')
}

// --- Internal helpers ---

const SHOWN = 5

const count = (answers: readonly { outcome: Outcome }[], outcome: Outcome): number =>
  answers.filter((answer) => answer.outcome === outcome).length

const spread = (times: number[]): { p50: number; p95: number; max: number } | null => {
  if (times.length === 0) return null
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0
  return { p50: at(0.5), p95: at(0.95), max: sorted.at(-1) ?? 0 }
}

const failures = (lines: readonly IncidentLine[]): string => {
  const shown = lines
    .slice(0, SHOWN)
    .map(({ seed, outcome, reasons }) => `seed ${seed}  ${outcome}: ${reasons[0] ?? ''}`)
  const rest = lines.length - shown.length
  return `${[...shown, ...(rest > 0 ? [`and ${rest} more; --seed N plays one of them alone`] : [])].join('\n')}\n`
}
