import { EXIT, type ExitCode } from '../core/errors.ts'
import { cpu } from '../vllm/hardware/presets.ts'
import { type Coefficients, pickCoefficients } from '../vllm/recording/coefficients.ts'
import { fit as fitTo, judgeReplay, leaveOneOut } from '../vllm/recording/fit.ts'
import type { Recording } from '../vllm/recording/recording.ts'
import type { Context } from './context.ts'
import { readRecording } from './read-recording.ts'
import { coefficientTable, type JudgedReplay, replayTable } from './replay-table.ts'

/** Fits the costs of a step to recordings of a real engine, and replays them with what was found. */
export const fitEngine = async (
  { out, status }: Context,
  paths: readonly string[],
  { json = false }: { json?: boolean },
): Promise<ExitCode> => {
  const recordings = await Promise.all(paths.map(readRecording))
  status(`fitting to ${names(recordings)}`)
  const { coefficients, evaluations, cost } = fitTo(recordings)
  const replays = recordings.map((recording) => judged(recording, coefficients))
  const others = leaveOneOut(recordings, (without) => status(`fitting without ${without.name}`))
  const unseen = others.map(({ recording, errors }) => ({ recording: recording.name, errors }))
  if (json) out(`${JSON.stringify({ coefficients, evaluations, cost, replays, leaveOneOut: unseen }, null, 2)}\n`)
  else {
    out(`${coefficientTable(coefficients)}\n${replayTable(replays)}`)
    if (unseen.length > 0) out(`\nEach recording with a fit to the others only:\n\n${replayTable(unseen)}`)
  }
  return replays.every(allHold) ? EXIT.pass : EXIT.fail
}

/** Replays a recording in the model and holds it against what was recorded. */
export const replayEngine = async (
  { out, status }: Context,
  path: string,
  { fit = [], json = false }: { fit?: readonly string[]; json?: boolean },
): Promise<ExitCode> => {
  const recording = await readRecording(path)
  const others = await Promise.all(fit.map(readRecording))
  if (others.length > 0) status(`fitting to ${names(others)}`)
  const coefficients = others.length > 0 ? fitTo(others).coefficients : pickCoefficients(cpu)
  const replay = judged(recording, coefficients)
  const holds = allHold(replay)
  if (json) out(`${JSON.stringify({ ...replay, holds, refused: recording.refused, coefficients }, null, 2)}\n`)
  else out(`${coefficientTable(coefficients)}\n${replayTable([replay])}${refusedLine(recording)}`)
  return holds ? EXIT.pass : EXIT.fail
}

// --- Internal helpers ---

const judged = (recording: Recording, coefficients: Coefficients): JudgedReplay => ({
  recording: recording.name,
  errors: judgeReplay(recording, coefficients),
})

const allHold = ({ errors }: JudgedReplay): boolean => errors.every(({ holds }) => holds)

const names = (recordings: readonly Recording[]): string => recordings.map(({ name }) => name).join(', ')

const refusedLine = ({ refused }: Recording): string =>
  refused === 0 ? '' : `\n${refused} requests that the server refused are not part of the replay\n`
