import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { COMPILE_CACHE } from '../support/compile-cache.ts'

const MAIN = fileURLToPath(new URL('waiting-main.ts', import.meta.url))

export interface FiredrillProcess {
  pid: number
  /** SIGKILL; resolves when nothing of it is there any more, not even its entry in /proc. */
  kill(): Promise<void>
  ended: Promise<{ exitCode: number | undefined; text: string }>
}

/** Processes of `bin/firedrill` that have loaded everything and wait to be told their arguments. */
export interface ProcessPool extends AsyncDisposable {
  start(args: readonly string[]): Promise<FiredrillProcess>
}

export interface PoolOptions {
  /** How many wait. */
  size: number
  /** Loaded before anything else. */
  preload?: string
}

export const startPool = ({ size, preload }: PoolOptions): ProcessPool => {
  const alive = new Set<Waiting>()
  const spawned = (): Waiting => {
    const waiting = spawn(preload)
    alive.add(waiting)
    void waiting.process.ended.then(() => alive.delete(waiting))
    return waiting
  }
  const idle = Array.from({ length: size }, spawned)
  return {
    async start(args) {
      const next = idle.shift() ?? spawned()
      await next.ready
      next.tell(args)
      idle.push(spawned())
      return next.process
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...alive].map((waiting) => waiting.process.kill()))
    },
  }
}

// --- Internal helpers ---

interface Waiting {
  process: FiredrillProcess
  ready: Promise<void>
  tell(args: readonly string[]): void
}

const spawn = (preload: string | undefined): Waiting => {
  const imports = preload === undefined ? [] : ['--import', preload]
  const child = execa('node', ['--disable-warning=ExperimentalWarning', ...imports, MAIN], {
    preferLocal: true,
    localDir: fileURLToPath(new URL('../..', import.meta.url)),
    reject: false,
    all: true,
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE },
    forceKillAfterDelay: false,
  })
  const ended = (async () => {
    const { exitCode, all } = await child
    return { exitCode, text: all }
  })()
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    void ended.then(({ text }) => reject(new Error(`expected firedrill to load, found: ${text}`)))
  })
  ready.catch(() => undefined)
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  const tell = (args: readonly string[]): void => void child.stdin.end(`${JSON.stringify(args)}\n`)
  return { process: { pid: child.pid ?? 0, kill, ended }, ready, tell }
}
