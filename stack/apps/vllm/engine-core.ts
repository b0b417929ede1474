import { type ChildProcess, spawn } from 'node:child_process'
import type { Core } from './driver.ts'

export interface EngineCore extends Core {
  pid: number
  /** Resolves when the process is gone without having been told to stop. */
  lost: Promise<void>
  stop(): void
}

/**
 * As in vLLM, the engine is a process beside the HTTP server, named `VLLM::EngineCore`: stopped (SIGSTOP), nothing moves
 * while /health answers 200; killed, the server finds its engine dead. It computes nothing here: every step is handed
 * to it through a pipe and ends only after it has been handed back.
 */
export const startEngineCore = async (): Promise<EngineCore> => {
  // cat(1) hands back what it is handed, in 1 MiB. In a session of its own, since a signal to the server's group is the
  // server's business; it ends with the server, whose end closes the pipe.
  const child = spawn('cat', [], { argv0: 'VLLM::EngineCore', stdio: ['pipe', 'pipe', 'inherit'], detached: true })
  const { stdin, stdout } = child
  if (stdin === null || stdout === null) throw new Error('a child with pipes has streams')
  const { pid, exited } = await started(child)
  let handed = 0
  let returned = 0
  let waiting: (() => void) | null = null
  let stopping = false
  // A broken pipe shows as the exit, which is what counts.
  stdin.on('error', () => undefined)
  stdout.on('data', (steps: Buffer) => {
    returned += steps.length
    if (returned < handed || waiting === null) return
    const callback = waiting
    waiting = null
    callback()
  })
  return {
    pid,
    lost: new Promise((resolve) => void exited.then(() => stopping || resolve())),
    begin: () => {
      handed++
      stdin.write('s')
    },
    idle: () => returned >= handed,
    onIdle: (callback) => {
      waiting = callback
    },
    stop: () => {
      stopping = true
      child.kill('SIGKILL')
    },
  }
}

// --- Internal helpers ---

const started = (child: ChildProcess): Promise<{ pid: number; exited: Promise<void> }> =>
  new Promise((resolve, reject) => {
    const exited = new Promise<void>((gone) => void child.once('exit', () => gone()))
    child.once('error', reject)
    child.once('spawn', () => {
      const { pid } = child
      if (pid === undefined) reject(new Error('a process that was spawned has an id'))
      else resolve({ pid, exited })
    })
  })
