import { createWriteStream } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { EXIT, errorMessage, UserError } from '../core/errors.ts'
import type { Event } from '../core/event.ts'
import { RUN_FILES } from '../core/run-folder.ts'
import type { Scenario } from '../core/scenario.ts'
import type { Workload } from '../core/workload.ts'
import { writeBundle } from './bundle.ts'
import { BUNDLE, commandLine, environment, type LoadTarget } from './command.ts'
import { parseEvent } from './event-line.ts'
import { outcomeOfExit, type LoadOutcome } from './exit.ts'
import { scriptData } from './script-data.ts'
import type { LoadProgress, ScheduleCount, ScriptEvent } from './script-event.ts'

const LOG = 'load/k6.log'
/** k6 stops its users, runs the summary and writes it; after this it is killed. */
const STOP_MS = 10_000
const LAST_LINES = 5

export interface LoadOptions {
  /** Path of the k6 binary built from tools/k6. */
  k6: string
  runDir: string
  scenario: Scenario
  workload: Workload
  target: LoadTarget
  runId: string
  seed: number
  /** Virtual users that are kept ready for surges; none where it is not given. */
  extraUsers?: number
  /** What happened, for the journal. */
  onEvent(event: Pick<Event, 'phase' | 'what' | 'value'>): void
  /** Stops the load as `stop` does. */
  signal: AbortSignal
}

export interface LoadResult {
  outcome: LoadOutcome
  /** Why it failed, with k6's last lines; empty otherwise. */
  message: string
  exitCode: number | null
  /** Milliseconds since the epoch: the zero of the timeline; null where k6 never got there. */
  loadStartedAt: number | null
  loadEndedAt: number
  /** Steps whose Fault the API server did not take. */
  refused: string[]
  timelineFinished: boolean
}

export interface LoadRun {
  /** Settles once k6 has ended; its records are in the spool. It only rejects where the run folder cannot be written. */
  finished: Promise<LoadResult>
  /** Every step's fault is over, or was refused: their names. Pending for ever where the load ends before. */
  timelineFinished: Promise<string[]>
  /** The newest of k6's reports, one a second; null before the first. */
  progress(): LoadProgress | null
  /** Ends the load: in order, or by force after ten seconds. Resolves once k6 is gone. */
  stop(): Promise<void>
}

/** Bundles the scenario into the run folder and starts k6 on it. Load and faults share k6's clock. */
export const startLoad = async (options: LoadOptions): Promise<LoadRun> => {
  const { k6, runDir, scenario, workload, seed, extraUsers, onEvent, signal } = options
  await prepare(runDir, () => writeBundle(join(runDir, BUNDLE), scriptData(scenario, workload, seed, extraUsers)))
  const log = createWriteStream(join(runDir, LOG))
  // A full disk: the spool's next record says so, and ends the load.
  log.on('error', () => {})

  const timeline = Promise.withResolvers<string[]>()
  const state: Observed = {
    startedAt: null,
    refused: [],
    timelineFinished: false,
    progress: null,
    counted: null,
    error: null,
  }
  const observe = (event: ScriptEvent): void => {
    note(state, event)
    if (event.event === 'progress') return
    onEvent(journalLine(event))
    if (event.event === 'timeline-finished') timeline.resolve(event.refused)
  }

  const child = execa(k6, commandLine(options), {
    env: environment(options),
    // A group of its own: a Ctrl-C on the terminal is for firedrill, which then stops k6 once.
    detached: true,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
    buffer: false,
    reject: false,
  })
  const last: string[] = []
  const read = (async () => {
    for await (const line of child.iterable({ from: 'stderr' })) {
      const event = parseEvent(line)
      if (event?.event !== 'progress') log.write(`${line}\n`)
      if (event !== null) observe(event)
      else last.push(line)
      if (last.length > LAST_LINES) last.shift()
    }
  })().catch(() => undefined)

  let asked = false
  let gone = false
  const stop = async (): Promise<void> => {
    if (!asked && !gone) child.kill('SIGINT')
    asked = true
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await child
    clearTimeout(force)
  }
  const finished = (async (): Promise<LoadResult> => {
    const ended = await child
    gone = true
    await read
    log.end()
    const loadEndedAt = Date.now()
    signal.removeEventListener('abort', stop)
    const lines = state.error === null ? last : [state.error]
    const verdict = outcomeOfExit({ exitCode: ended.exitCode, cause: ended.cause, asked, last: lines })
    const { startedAt: loadStartedAt, refused, timelineFinished, counted } = state
    if (counted !== null) {
      const { lagP99: _, ...count } = counted
      await prepare(runDir, () => writeFile(join(runDir, RUN_FILES.arrivals), `${JSON.stringify(count)}\n`))
    }
    return {
      ...verdict,
      exitCode: ended.exitCode ?? null,
      loadStartedAt,
      loadEndedAt,
      refused,
      timelineFinished,
    }
  })()

  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) void stop()
  return { finished, timelineFinished: timeline.promise, progress: () => state.progress, stop }
}

// --- Internal helpers ---

interface Observed {
  startedAt: number | null
  refused: string[]
  timelineFinished: boolean
  progress: LoadProgress | null
  /** The schedule's last count that is a second old, or final: what was due then has been sent since, or never will be. */
  counted: ScheduleCount | null
  error: string | null
}

const note = (state: Observed, event: ScriptEvent): void => {
  switch (event.event) {
    case 'load-started':
      state.startedAt = event.at
      break
    case 'step-refused':
      state.refused.push(event.step)
      break
    case 'timeline-finished':
      state.timelineFinished = true
      break
    case 'progress': {
      const { event: _, ...progress } = event
      state.counted = state.progress?.schedule ?? null
      state.progress = progress
      break
    }
    case 'schedule-over': {
      const { event: _, ...count } = event
      state.counted = count
      break
    }
    case 'error':
      state.error ??= event.message
      break
    case 'prompts':
    case 'condition-true':
    case 'condition-false':
    case 'condition-unknown':
    case 'step-waits':
    case 'step-not-started':
    case 'traffic-changed':
    case 'traffic-restored':
    case 'step-created':
    case 'step-over':
      break
  }
}

const journalLine = ({ event, ...value }: ScriptEvent): Pick<Event, 'phase' | 'what' | 'value'> => ({
  phase: event === 'step-refused' || event === 'error' ? 'fail' : 'info',
  what: event,
  value,
})

/** Whatever writes into the run folder: a full disk is the user's to mend. */
const prepare = async <T>(runDir: string, write: () => Promise<T>): Promise<T> => {
  try {
    for (const folder of ['k6', 'load']) await mkdir(join(runDir, folder), { recursive: true })
    return await write()
  } catch (error) {
    throw new UserError({
      code: 'run-folder-unwritable',
      message: `expected to write to the run folder ${runDir}, found: ${errorMessage(error)}`,
      hint: 'free some space, or name another place with --runs DIR',
      exitCode: EXIT.unknown,
      cause: error,
    })
  }
}
