import { describeScale } from '../../lib/core/scale.ts'
import type { Answer, LoadDelivery, Outcome, Verdict, VerdictLine } from '../../lib/core/verdict.ts'
import { layOut, wrap, type Cell } from './layout.ts'
import { loadSentences } from './load-text.ts'
import { paint, type Paint } from './paint.ts'
import { plural, relative } from './words.ts'

export interface TableOptions {
  /** Width to wrap to; at least 60 is used. */
  columns?: number
  colour?: boolean
  /** Shows the lines of quiet alerts too. */
  verbose?: boolean
}

/** The verdict as people read it on a terminal: a line per (fault × alert), the answers, the load, the outcome. */
export const verdictTable = (
  verdict: Verdict,
  { columns = 100, colour = false, verbose = false }: TableOptions = {},
): string => {
  const width = Math.max(60, columns)
  const brush = paint(colour)
  const shown = verdict.lines.filter((line) => verbose || line.class !== 'quiet')
  const hidden = verdict.lines.length - shown.length
  const parts = [
    shown.length === 0
      ? []
      : layOut(
          HEADINGS,
          shown.map((line) => row(line, brush)),
          width,
          brush,
        ),
    hidden === 0 ? [] : [brush.dim(`${plural(hidden, 'quiet line')} not shown (--verbose shows them)`)],
    verdict.answers.flatMap((answer) => answerText(answer, width, brush)),
    loadText(verdict.load, width, brush),
    outcomeText(verdict, width, brush),
  ]
  return parts
    .filter((part) => part.length > 0)
    .map((part) => `${part.join('\n')}\n`)
    .join('\n')
}

/** Times of a line as seen from its fault's injection: what was expected, and what was seen. */
export const lineTimes = (line: VerdictLine): { expected: string; seen: string } => {
  const { injectedAt, expected, seen } = line
  if (injectedAt === null) return { expected: '', seen: '' }
  const window =
    expected === null
      ? line.class === 'tolerated'
        ? 'may fire'
        : 'quiet'
      : `${relative(expected.from, injectedAt)}…${relative(expected.to, injectedAt)}`
  if (seen === null) return { expected: window, seen: '–' }
  if (seen.firedAt !== null) return { expected: window, seen: relative(seen.firedAt, injectedAt) }
  return { expected: window, seen: seen.pendingAt === null ? '–' : `pending ${relative(seen.pendingAt, injectedAt)}` }
}

// --- Internal helpers ---

const HEADINGS = ['FAULT', 'ALERT', 'VERDICT', 'EXPECTED', 'SEEN', 'REASON']
const MARKS: Record<Outcome, string> = { pass: '✓', fail: '✗', unknown: '?' }

const row = (line: VerdictLine, brush: Paint): Cell[] => {
  const { expected, seen } = lineTimes(line)
  return [
    { text: line.step ?? '(none)' },
    { text: line.alert },
    { text: `${MARKS[line.outcome]} ${line.class.replaceAll('-', ' ')}`, paint: brush[line.outcome] },
    { text: expected },
    { text: seen },
    { text: line.reason },
  ]
}

const answerText = ({ question, outcome, reason }: Answer, width: number, brush: Paint): string[] => {
  const [first = '', ...rest] = wrap(`${question} ${WORDS[outcome]}: ${reason}.`, width - 2)
  return [`${brush[outcome](MARKS[outcome])} ${first}`, ...rest.map((line) => `  ${line}`)]
}

const WORDS: Record<Outcome, string> = { pass: 'Yes', fail: 'No', unknown: 'Unknown' }

const loadText = (load: LoadDelivery, width: number, brush: Paint): string[] => {
  const state: Outcome = load.delivered ? 'pass' : 'unknown'
  const [first = '', ...rest] = loadSentences(load).flatMap((sentence, index) =>
    wrap(`${index === 0 ? 'Load: ' : ''}${sentence}.`, width - 2),
  )
  return [`${brush[state](MARKS[state])} ${first}`, ...rest.map((line) => `  ${line}`)]
}

const outcomeText = (verdict: Verdict, width: number, brush: Paint): string[] => [
  `${brush.bold(brush[verdict.outcome](verdict.outcome.toUpperCase()))}  ${verdict.run}${verdict.simulated ? '  (simulated)' : verdict.synthetic ? '  (synthetic)' : ''}${verdict.scale === null ? '' : '  (scaled)'}`,
  ...(verdict.scale === null
    ? []
    : wrap(`${describeScale(verdict.scale)}; no threshold of a rule is`, width - 4).map((line) => `    ${line}`)),
  ...[...verdict.reasons, ...verdict.unchecked.map((what) => `not checked: ${what}`)].flatMap((reason) =>
    wrap(reason, width - 4).map((line, index) => `${index === 0 ? '  - ' : '    '}${line}`),
  ),
]
