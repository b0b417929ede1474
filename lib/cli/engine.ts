import { setImmediate as yieldToEvents } from 'node:timers/promises'
import { EXIT, type ExitCode, UserError } from '../core/errors.ts'
import type { Coefficients } from '../vllm/recording/coefficients.ts'
import { type Fit, fitting, judgeReplay, undetermined } from '../vllm/recording/fit.ts'
import type { Recording } from '../vllm/recording/recording.ts'
import type { Context } from './context.ts'
import { readRecording } from './read-recording.ts'
import { fitTable, type JudgedReplay, replayTable } from './replay-table.ts'

/** Fits the costs of a step to recordings of a real engine, and replays them with what was found. */
export const fitEngine = async (
  context: Context,
  paths: readonly string[],
  { leaveOneOut = false, json = false }: { leaveOneOut?: boolean; json?: boolean },
): Promise<ExitCode> => {
  if (leaveOneOut && paths.length < 2) {
    throw new UserError({
      code: 'too-few-recordings',
      message: 'expected two recordings or more with --leave-one-out, found one',
      hint: 'name another, or leave the option away',
    })
  }
  const recordings = await Promise.all(paths.map(readRecording))
  const found = await fit(context, recordings)
  const { coefficients, cost, errors } = found
  const replays = recordings.map((recording) => judged(recording, coefficients))
  const unseen: JudgedReplay[] = []
  for (const recording of leaveOneOut ? recordings : []) {
    const others = recordings.filter((other) => other !== recording)
    unseen.push(judged(recording, (await fit(context, others)).coefficients))
  }
  if (json) {
    const told = { coefficients, standardErrors: errors, undetermined: undetermined(found), cost, replays }
    context.out(`${JSON.stringify({ ...told, leaveOneOut: unseen }, null, 2)}\n`)
  } else {
    context.out(`${fitTable(found)}\n${replayTable(replays)}`)
    if (unseen.length > 0) context.out(`\nEach with a fit to the others only:\n\n${replayTable(unseen)}`)
  }
  return replays.every(({ holds }) => holds) ? EXIT.pass : EXIT.fail
}

/** Found with progress on the status line; ends with Ctrl-C. */
export const fit = async ({ status, signal }: Context, recordings: readonly Recording[]): Promise<Fit> => {
  const names = recordings.map(({ name }) => name).join(', ')
  const search = fitting(recordings)
  for (;;) {
    const { done, value } = search.next()
    if (done === true) return value
    // One line per tenth where lines are not redrawn; and Ctrl-C is heard between two generations.
    status(`fitting to ${names}: ${Math.floor(value * 10)}0 %`)
    await yieldToEvents()
    signal.throwIfAborted()
  }
}

// --- Internal helpers ---

const judged = (recording: Recording, coefficients: Coefficients): JudgedReplay => {
  const errors = judgeReplay(recording, coefficients)
  return { recording: recording.name, holds: errors.every(({ holds }) => holds), errors }
}
