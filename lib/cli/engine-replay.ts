import { EXIT, type ExitCode, UserError } from '../core/errors.ts'
import { cpu } from '../vllm/hardware/presets.ts'
import { type JudgedError, likeOf, loosen, notJudged } from '../vllm/recording/bounds.ts'
import { pickCoefficients } from '../vllm/recording/coefficients.ts'
import { judgeReplay } from '../vllm/recording/fit.ts'
import type { Context } from './context.ts'
import { fit } from './engine.ts'
import { replayNotes } from './engine-replay-notes.ts'
import { readRecording } from './read-recording.ts'
import { coefficientTable, replayTable } from './replay-table.ts'

export interface ReplayOptions {
  fit?: readonly string[]
  times?: number
  json?: boolean
}

/** Replays a recording in the model and holds it against what was recorded. */
export const replayEngine = async (
  context: Context,
  path: string | undefined,
  { fit: others = [], times = 1, json = false }: ReplayOptions,
): Promise<ExitCode> => {
  const files = filesOf(path, others)
  const recording = await readRecording(files.recording)
  const known = await Promise.all(files.known.map(readRecording))
  const coefficients = known.length > 0 ? (await fit(context, known)).coefficients : pickCoefficients(cpu)
  const errors = loosen(judgeReplay(recording, coefficients), times)
  const unjudged = notJudged(errors)
  const replay = { recording: recording.name, holds: verdict(errors, unjudged.length), errors }
  if (json) {
    const { leftOut, warnings, requests, aborted } = recording
    const found = {
      ...replay,
      // `error` is what the table heads with FOUND.
      errors: errors.map((error) => ({ ...error, error: error.value })),
      unjudged,
      times,
      like: likeOf(recording),
      requests: requests.length,
      aborted: aborted.length,
      leftOut,
      warnings,
      fit: known.map(({ name }) => name),
      coefficients,
    }
    context.out(`${JSON.stringify(found, null, 2)}\n`)
  } else {
    const table = replayTable([{ ...replay, holds: replay.holds === true }])
    const notes = replayNotes({ recording, known, errors, unjudged, times, holds: replay.holds })
    context.out(`${coefficientTable(coefficients)}\n${table}\n${notes}`)
  }
  return replay.holds === null ? EXIT.unknown : replay.holds ? EXIT.pass : EXIT.fail
}

// --- Internal helpers ---

/** Null where no error is too large, and one could not be told. */
const verdict = (errors: readonly JudgedError[], unjudged: number): boolean | null => {
  if (errors.some(({ holds }) => !holds)) return false
  return unjudged > 0 ? null : true
}

/** `--fit A B RECORDING`: an option of several values takes all that follows, so the last of them is the recording. */
const filesOf = (
  path: string | undefined,
  others: readonly string[],
): { recording: string; known: readonly string[] } => {
  if (path !== undefined) return { recording: path, known: others }
  const last = others.at(-1)
  if (last !== undefined && others.length > 1) return { recording: last, known: others.slice(0, -1) }
  const found = last === undefined ? 'none' : `only --fit ${last}`
  throw new UserError({
    code: 'recording-missing',
    message: `expected a recording to replay, found ${found}`,
    hint: 'name it first: firedrill engine replay RECORDING --fit OTHER',
  })
}
