import { mkdtempDisposable, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa, type Result, type ResultPromise } from 'execa'

const ROOT = join(import.meta.dirname, '../..')

export interface Outcome {
  exitCode?: number | undefined
  stdout: string
  stderr: string
}

/** The real entry in a folder, and with a cluster, of its own. */
export interface Entry {
  folder: string
  stateRoot: string
  run(...args: string[]): Promise<Outcome>
  /** In a process group of its own, as a shell on a terminal starts it. */
  start(...args: string[]): Started
  /** As `start`, by way of another program: `['unshare', '-m']`. */
  startUnder(wrapper: readonly [string, ...string[]], ...args: string[]): Started
  kubectl(...args: string[]): Promise<Outcome>
  file(name: string, text: string): Promise<string>
  remove(): Promise<void>
}

export interface Started {
  pid: number
  /** What it has said so far, on both streams. */
  said(): string
  /** Resolves once it has said that; throws where it ends before. */
  until(text: string | RegExp): Promise<void>
  ended: Promise<Outcome>
}

export const openEntry = async (name: string): Promise<Entry> => {
  const { path: folder } = await mkdtempDisposable(join(await realpath(tmpdir()), `firedrill-${name}-`))
  const env = { XDG_STATE_HOME: join(folder, 'state'), FIREDRILL_CLUSTER_NAME: name }
  const program = join(ROOT, 'bin/firedrill')
  const common = { cwd: folder, env, reject: false, stdin: 'ignore' } as const
  const run = async (...args: string[]): Promise<Outcome> => outcome(await execa(program, args, common))
  return {
    folder,
    stateRoot: join(folder, 'state/firedrill'),
    run,
    start: (...args) => started(execa(program, args, { ...common, detached: true, buffer: true })),
    startUnder: ([wrapper, ...own], ...args) =>
      started(execa(wrapper, [...own, program, ...args], { ...common, detached: true, buffer: true })),
    kubectl: (...args) => run('kubectl', ...args),
    file: async (file, text) => {
      await writeFile(join(folder, file), text)
      return join(folder, file)
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Ids of the processes whose environment names this folder: what firedrill started for it and has not ended. */
export const processesOf = async (folder: string): Promise<string[]> => {
  const { stdout } = await execa('pgrep', ['-u', String(process.getuid?.() ?? 0), '.'])
  const holds = async (pid: string): Promise<boolean> =>
    (await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')).includes(folder)
  const found = await Promise.all(stdout.split('\n').map(async (pid) => ((await holds(pid)) ? pid : '')))
  return found.filter((pid) => pid !== '')
}

// --- Internal helpers ---

const outcome = ({ exitCode, stdout, stderr }: { exitCode?: number; stdout: string; stderr: string }): Outcome => ({
  exitCode,
  stdout,
  stderr,
})

type Child = Pick<ResultPromise, 'pid' | 'stdout' | 'stderr'> &
  PromiseLike<Pick<Result, 'exitCode' | 'stdout' | 'stderr'>>

const started = (child: Child): Started => {
  let text = ''
  let over = false
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const ended = (async (): Promise<Outcome> => {
    const { exitCode, stdout, stderr } = await child
    over = true
    return outcome({ stdout: String(stdout), stderr: String(stderr), ...(exitCode === undefined ? {} : { exitCode }) })
  })()
  const has = (wanted: string | RegExp): boolean =>
    typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text)
  return {
    pid: child.pid ?? 0,
    said: () => text,
    until: async (wanted) => {
      while (!has(wanted)) {
        if (over) throw new Error(`ended before it said ${wanted}:\n${text}`)
        await delay(50)
      }
    },
    ended,
  }
}
