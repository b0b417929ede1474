import { CommanderError } from 'commander'
import { EXIT, type ExitCode, UserError } from '../core/errors.ts'

/** What a person reads, and how the process ends. Whatever is no UserError is a bug, and shows its stack. */
export const describeError = (error: unknown, signal: AbortSignal): { text: string; exitCode: ExitCode } => {
  if (error instanceof SuppressedError) return describeBoth(error, signal)
  if (error instanceof UserError) {
    return { text: `error[${error.code}]: ${error.message}\n  → ${error.hint}\n`, exitCode: error.exitCode }
  }
  // Commander has printed its own words already; help and version end well.
  if (error instanceof CommanderError) return { text: '', exitCode: error.exitCode === 0 ? EXIT.pass : EXIT.usage }
  // Whatever waited for the signal ends with its reason; what it had begun was taken back on the way here.
  if (signal.aborted && isInterruption(error, signal)) {
    return { text: 'interrupted; nothing was left behind\n', exitCode: EXIT.interrupted }
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { text: `bug: ${stack}\n  → please report this with the command and the run folder\n`, exitCode: EXIT.bug }
}

// --- Internal helpers ---

/** A failure, and another while it was taken back: both are told, and what is left unhealed gives the exit code. */
const describeBoth = ({ error, suppressed }: SuppressedError, signal: AbortSignal) => {
  const [first, second] = [describeError(suppressed, signal), describeError(error, signal)]
  const exitCode = second.exitCode === EXIT.unhealed ? EXIT.unhealed : first.exitCode
  return { text: first.text + second.text, exitCode }
}

const isInterruption = (error: unknown, { reason }: AbortSignal): boolean =>
  error === reason || (error instanceof Error && (error.name === 'AbortError' || isCause(error, reason)))

const isCause = ({ cause }: Error, reason: unknown): boolean => cause !== undefined && cause === reason
