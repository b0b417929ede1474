import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { errorMessage } from '../../core/errors.ts'
import { ContainerProblem } from './env.ts'
import { type Kill, killContainer } from './leftovers.ts'
import type { LogFile } from './log-file.ts'

/** A process as it is started: argv, environment and working directory, all resolved. */
export interface Launch {
  argv: string[]
  env: Record<string, string>
  cwd: string
}

export interface Exit {
  /** 128 + signal where a signal ended it. */
  exitCode: number
  outOfMemory: boolean
  finishedAt: number
}

/** One run of a container. */
export interface Instance {
  pid: number
  startedAt: number
  exit: Promise<Exit>
  /** SIGTERM to the group, SIGKILL after the grace period (milliseconds); a later call can only shorten it. */
  stop(graceMs: number): void
  killForMemory(): void
}

export interface InstanceOptions {
  launch: Launch
  log: LogFile
  clusterId: string
  marker: string
  kill: Kill
  now(): number
}

/** How long the output of an ended process is waited for. */
const DRAIN_MS = 500

/**
 * Starts a process in a group of its own. When it ends, for whatever reason, everything that it started is killed, as a container ends
 * with its first process. Throws ContainerProblem (StartError) where there is nothing to run.
 */
export const startInstance = async (options: InstanceOptions): Promise<Instance> => {
  const { launch, log, clusterId, marker, kill, now } = options
  const [command = '', ...args] = launch.argv
  const child = spawn(command, args, {
    cwd: launch.cwd,
    env: launch.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit')
  const closed = once(child, 'close')
  // Told by the awaits below; without these, a failed start would count as unhandled.
  exited.catch(() => undefined)
  closed.catch(() => undefined)
  child.stdout.on('data', (chunk: Buffer) => log.write('stdout', chunk))
  child.stderr.on('data', (chunk: Buffer) => log.write('stderr', chunk))
  try {
    await once(child, 'spawn')
  } catch (error) {
    log.end()
    throw new ContainerProblem('StartError', `exec: "${command}": ${errorMessage(error)}`)
  }
  const { pid } = child
  if (pid === undefined) throw new Error(`no pid for ${command}`)
  const startedAt = now()

  let running = true
  let outOfMemory = false
  let killAt = Number.POSITIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  const signal = (name: NodeJS.Signals): void => {
    try {
      if (running) kill(-pid, name)
    } catch {
      // Ended between the exit and its event.
    }
  }
  const ending = async (): Promise<Exit> => {
    // Node's own event: the code, or null and the name of the signal.
    const [code, name] = (await exited) as [number | null, NodeJS.Signals | null]
    running = false
    clearTimeout(timer)
    const finishedAt = now()
    killContainer(kill, clusterId, pid, marker)
    let drain: NodeJS.Timeout | undefined
    await Promise.race([closed, new Promise((resolve) => (drain = setTimeout(resolve, DRAIN_MS)))])
    clearTimeout(drain)
    child.stdout.destroy()
    child.stderr.destroy()
    log.end()
    return { exitCode: code ?? 128 + (name === null ? 0 : constants.signals[name]), outOfMemory, finishedAt }
  }
  return {
    pid,
    startedAt,
    exit: ending(),
    stop: (graceMs) => {
      const at = now() + graceMs
      if (!running || at >= killAt) return
      if (graceMs <= 0) signal('SIGKILL')
      else if (killAt === Number.POSITIVE_INFINITY) signal('SIGTERM')
      killAt = at
      clearTimeout(timer)
      if (graceMs > 0) timer = setTimeout(() => signal('SIGKILL'), graceMs)
    },
    killForMemory: () => {
      outOfMemory = true
      signal('SIGKILL')
    },
  }
}
