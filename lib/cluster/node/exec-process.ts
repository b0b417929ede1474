import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { errorMessage } from '../../core/errors.ts'
import type { Launch } from './instance.ts'
import type { Kill } from './leftovers.ts'
import { broken, exited, type ExecStatus } from './exec-status.ts'

/** A container that runs, as far as a command in it is concerned. */
export interface ExecTarget {
  launch: Launch
  /** Of the container's main process. */
  pid: number
  /** Settles when that one has ended, and the container with it. */
  ended: Promise<unknown>
  /** Of the command's words: mount paths. */
  rewrite(text: string): string
  kill: Kill
}

/** The container's processes share the machine's PID namespace: this is the one that would be PID 1 in one of its own. */
export const PID1_ENV = 'FIREDRILL_PID1'

export interface ExecProcess {
  /** Null where it is not wanted. */
  stdin: Writable | null
  stdout: Readable | null
  stderr: Readable | null
  /** Never rejects. Children in the background may outlive the command, as they do in a container. */
  done: Promise<ExecStatus>
  /** With its process group. */
  kill(): void
}

export interface ExecStreams {
  stdin: boolean
  stdout: boolean
  stderr: boolean
}

/** Runs a command beside a container's main process: in its environment and folder, and no longer than it. */
export const startExec = (target: ExecTarget, command: readonly string[], streams: ExecStreams): ExecProcess => {
  const [file = '', ...args] = command.map(target.rewrite)
  const pipe = (wanted: boolean): 'pipe' | 'ignore' => (wanted ? 'pipe' : 'ignore')
  const child = spawn(file, args, {
    cwd: target.launch.cwd,
    env: { ...target.launch.env, [PID1_ENV]: String(target.pid) },
    detached: true,
    stdio: [pipe(streams.stdin), pipe(streams.stdout), pipe(streams.stderr)],
  })
  const kill = (): void => {
    try {
      if (child.pid !== undefined) target.kill(-child.pid, 'SIGKILL')
    } catch {
      // Nothing of it runs any more.
    }
  }
  // A command that does not read what it is sent, or is gone, is no error.
  child.stdin?.on('error', () => undefined)
  const { stdin, stdout, stderr } = child
  return { stdin, stdout, stderr, kill, done: ending(child, file, target.ended, kill) }
}

// --- Internal helpers ---

/** What a runtime says of a command that the end of its container took along. */
const KILLED = 128 + constants.signals.SIGKILL

const ending = async (
  child: ChildProcess,
  file: string,
  containerEnded: Promise<unknown>,
  kill: () => void,
): Promise<ExecStatus> => {
  const lost = containerEnded.then(
    () => null,
    () => null,
  )
  try {
    const exit = await Promise.race([once(child, 'exit'), lost])
    if (exit === null) {
      kill()
      return exited(KILLED)
    }
    // Node's own event: the code, or null and the name of the signal.
    const [code, signal] = exit as [number | null, NodeJS.Signals | null]
    return exited(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))
  } catch (error) {
    return broken(`exec: "${file}": ${errorMessage(error)}`)
  }
}
