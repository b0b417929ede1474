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
export const startEngineCore = async (node: string): Promise<EngineCore> => {
  const child = spawn(node, [...FLAGS, '-e', PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] })
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

/** It needs neither a compiler nor threads: a few MiB of its own. */
const FLAGS = ['--jitless', '--max-semi-space-size=1', '--v8-pool-size=0', '--disable-warning=ExperimentalWarning']

/** Ends with its parent: then the pipe is closed. A SIGTERM to the whole group is the parent's business. */
const PROGRAM = `
process.title = 'VLLM::EngineCore'
process.on('SIGTERM', () => undefined).on('SIGINT', () => undefined)
process.stdin.on('data', (steps) => process.stdout.write(steps)).on('end', () => process.exit(0))
process.stdout.on('error', () => process.exit(0))
`

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
