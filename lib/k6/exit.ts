/** `completed`: all stages were played. `stopped`: on request. `failed`: anything else. */
export type LoadOutcome = 'completed' | 'stopped' | 'failed'

export interface Exit {
  exitCode: number | undefined
  /** Why there is no exit code: the binary is missing, or a signal. */
  cause: unknown
  /** Whether firedrill asked k6 to stop. */
  asked: boolean
  /** The last lines that k6 wrote. */
  last: readonly string[]
}

const CROSSED_THRESHOLDS = 99

/** k6's exit codes (its errext/exitcodes), in words. */
const MEANINGS: Record<number, string> = {
  104: 'it refused the configuration',
  105: 'somebody else stopped it',
  107: 'the script threw an error',
  108: 'the script aborted the test',
  109: 'it crashed',
}

/** What an end of k6 means. Thresholds are the user's own, and crossing one is no failure of the load. */
export const outcomeOfExit = ({ exitCode, cause, asked, last }: Exit): { outcome: LoadOutcome; message: string } => {
  if (exitCode === 0 || exitCode === CROSSED_THRESHOLDS)
    return { outcome: asked ? 'stopped' : 'completed', message: '' }
  if (asked) return { outcome: 'stopped', message: '' }
  const why =
    exitCode === undefined
      ? causeText(cause)
      : `${MEANINGS[exitCode] ?? 'it ended with an error'} (exit code ${exitCode})`
  return { outcome: 'failed', message: [why, ...last].join('\n') }
}

// --- Internal helpers ---

const causeText = (cause: unknown): string =>
  cause instanceof Error ? cause.message : 'it was killed before it could end'
