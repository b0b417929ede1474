import { type JudgedError, likeOf, waitingShare } from '../vllm/recording/bounds.ts'
import { boundText } from '../vllm/recording/error-text.ts'
import type { Recording } from '../vllm/recording/recording.ts'

export interface ReplayVerdict {
  recording: Recording
  /** What was fitted to. */
  known: readonly Recording[]
  errors: readonly JudgedError[]
  unjudged: readonly Pick<JudgedError, 'what'>[]
  times: number
  holds: boolean | null
}

/** What a reader of the table has to know: by which bounds, what of the file was not replayed, and the outcome. */
export const replayNotes = ({ recording, known, errors, unjudged, times, holds }: ReplayVerdict): string =>
  [
    boundsLine(recording, times),
    ...errors.filter(({ boundOf }) => boundOf === null).map(countLine),
    ...(errors.some(({ holds: one, scaled }) => one !== scaled.holds) ? [SCALED_DIFFERS] : []),
    ...unjudged.map(({ what }) => `not judged: ${what}, which is 0 in the recording: no share of it can be told`),
    ...fileLines(recording),
    ...known.flatMap((one) => fileLines(one).map((line) => `${one.name}: ${line}`)),
    outcome(errors, holds),
  ]
    .map((line) => `${line}\n`)
    .join('')

// --- Internal helpers ---

const boundsLine = (recording: Recording, times: number): string => {
  const waits = `requests wait in ${(waitingShare(recording) * 100).toFixed(0)} % of the scrapes`
  const factor = times === 1 ? '' : `, times ${times}`
  return `BOUND is that of ${likeOf(recording)}.json (${waits})${factor}; SCALED is wider with the load, for information`
}

const SCALED_DIFFERS =
  'MISS by BOUND and ok by SCALED: the load is higher, or preemptions fewer, than where BOUND is from'

const countLine = (error: JudgedError): string =>
  `${error.what}: the recording has none, a case that no bound was named for; ${boundText(error, error.bound)} is ours`

const fileLines = ({ aborted, leftOut, warnings }: Recording): string[] => [
  ...some('refused by the server, and not replayed', leftOut.refused, 'request'),
  ...some('not answered in full, and replayed as aborted at their end', aborted.length, 'request'),
  ...some(
    'without an end, and not replayed (the model has less load than the server had)',
    leftOut.withoutEnd,
    'request',
  ),
  ...some('without all values, and left out', leftOut.scrapes, 'scrape'),
  ...warnings.map((warning) => `warning: ${warning}`),
]

const some = (what: string, count: number, of: string): string[] =>
  count === 0 ? [] : [`${what}: ${count} ${of}${count === 1 ? '' : 's'}`]

const outcome = (errors: readonly JudgedError[], holds: boolean | null): string => {
  const missed = errors.filter((error) => !error.holds).length
  if (missed > 0) return `does not hold: ${missed} of ${errors.length} errors are beyond their bounds`
  return holds === null
    ? `unknown: ${errors.length} errors are within their bounds, others cannot be judged`
    : `holds: all ${errors.length} errors are within their bounds`
}
