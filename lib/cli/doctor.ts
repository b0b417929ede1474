import { access, constants, readFile, statfs } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import { createServer } from 'node:net'
import { EXIT, type ExitCode } from '../core/errors.ts'
import { GO_NEEDED, goVersion, isGoEnough } from '../toolchain/go.mjs'
import { cacheRoot, MODULES, moduleDir } from '../toolchain/tools.mjs'
import type { Context } from './context.ts'
import { renderTable } from './table.ts'

type Finding = { state: 'ok' | 'warn' | 'fail'; found: string; hint: string }

const GiB = 1024 ** 3

/** Asks of this machine what a run on the embedded cluster needs; touches nothing. */
export const doctor = async ({ out, env }: Context): Promise<ExitCode> => {
  const findings = await Promise.all(
    Object.entries(CHECKS).map(async ([name, check]) => ({ name, ...(await check(env)) })),
  )
  const rows = findings.map(({ name, state, found, hint }) => [state, name, found, state === 'ok' ? '' : hint])
  out(renderTable([['', 'CHECK', 'FOUND', 'WHAT TO DO'], ...rows]))
  return findings.some(({ state }) => state === 'fail') ? EXIT.fail : EXIT.pass
}

// --- Internal helpers ---

/** How many of the tools are built. */
const builtTools = async (): Promise<number> => {
  const exists = (dir: string): Promise<boolean> =>
    access(dir).then(
      () => true,
      () => false,
    )
  const built = await Promise.all(MODULES.map((module) => exists(moduleDir(module))))
  return built.filter(Boolean).length
}

const tools = async (): Promise<Finding> => {
  const count = await builtTools()
  return {
    state: count === MODULES.length ? 'ok' : 'warn',
    found: `${count} of ${MODULES.length} built`,
    hint: `the next command builds the rest; it needs Go ${GO_NEEDED}`,
  }
}

/** Needed until everything is built. */
const go = async (env: Context['env']): Promise<Finding> => {
  const version = goVersion(env)
  const missing = (await builtTools()) < MODULES.length
  return {
    state: isGoEnough(version) ? 'ok' : missing ? 'fail' : 'warn',
    found: version ?? 'no Go',
    hint: `install Go ${GO_NEEDED} or newer (go.dev/dl)${missing ? '' : '; what is built works without, and the next version will not'}`,
  }
}

const cores = async (): Promise<Finding> => {
  const count = availableParallelism()
  return { state: count >= 2 ? 'ok' : 'warn', found: `${count} cores`, hint: '1,000 users need two: use fewer users' }
}

const memory = async (): Promise<Finding> => {
  const total = totalmem() / GiB
  return {
    state: total >= 4 ? 'ok' : 'warn',
    found: `${total.toFixed(1)} GiB`,
    hint: 'the stack takes 1.5 GiB and k6 with 1,000 users about 1',
  }
}

const disk = async (env: Context['env']): Promise<Finding> => {
  const { bavail, bsize } = await statfs(cacheRoot(env)).catch(() => statfs('/'))
  const free = (bavail * bsize) / GiB
  return {
    state: free >= 3 ? 'ok' : 'warn',
    found: `${free.toFixed(1)} GiB free`,
    hint: 'builds need about 3 GiB in the cache folder',
  }
}

/** Pods have addresses of their own in 127.0.0.0/8: Linux has them all, macOS only 127.0.0.1. */
const loopback = async (): Promise<Finding> => {
  const bound = await new Promise<boolean>((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(0, '127.1.0.254', () => server.close(() => resolve(true)))
  })
  return {
    state: bound ? 'ok' : 'fail',
    found: bound ? '127.1.0.0/16 is there' : 'no 127.1.0.254',
    hint: 'the embedded cluster needs Linux',
  }
}

const openFiles = async (): Promise<Finding> => {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '')
  const hard = /^Max open files\s+(\d+)\s+(\d+)/m.exec(limits)?.[1]
  const count = hard === undefined ? Number.POSITIVE_INFINITY : Number(hard)
  return { state: count >= 4_096 ? 'ok' : 'fail', found: `${count} open files`, hint: 'raise it: ulimit -n 65536' }
}

const temporary = async (env: Context['env']): Promise<Finding> => {
  const home = env['HOME'] ?? '/'
  const writable = await access(home, constants.W_OK).then(
    () => true,
    () => false,
  )
  return {
    state: writable ? 'ok' : 'fail',
    found: home,
    hint: 'set HOME, XDG_CACHE_HOME and XDG_STATE_HOME to folders you may write',
  }
}

const CHECKS: Record<string, (env: Context['env']) => Promise<Finding>> = {
  Go: go,
  'Go tools': tools,
  cores,
  memory,
  disk,
  'pod addresses': loopback,
  'open files': openFiles,
  'home folder': temporary,
}
