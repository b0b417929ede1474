import type { RunInfo } from '../core/run-folder.ts'
import { redactArgv } from './redact.ts'

/** What is known of a run before anything of it has happened. */
export interface RunBeginning extends Pick<
  RunInfo,
  'seed' | 'startedAt' | 'versions' | 'git' | 'synthetic' | 'simulated' | 'scale'
> {
  /** The scenario's name. */
  scenario: string
  argv: readonly string[]
}

/** run.json as a run begins; how it went on and ended is filled in later. */
export const newRunInfo = ({ scenario, argv, startedAt, ...known }: RunBeginning): RunInfo => ({
  schema: 1,
  id: `${scenario}-${startedAt.toString(36)}`,
  scenario,
  argv: redactArgv(argv),
  seed: known.seed,
  startedAt,
  endedAt: null,
  loadStartedAt: null,
  loadEndedAt: null,
  ending: 'open',
  endingReason: null,
  versions: known.versions,
  git: known.git,
  synthetic: known.synthetic,
  simulated: known.simulated,
  scale: known.scale,
})
