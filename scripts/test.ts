/**
 * `npm test`: the static checks side by side, the Go tests, the unit tests and the end-to-end tests, in that order, each
 * whatever the one before it found. Ends with one line of counts, `N passed, N failed`, and exit code 1 where anything failed.
 */
import { mkdtempDisposable, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { execa } from 'execa'
import { z } from 'zod'

interface Counts {
  passed: number
  failed: number
}

const ROOT = join(import.meta.dirname, '..')
const BIN = join(ROOT, 'node_modules', '.bin')
const env = { PATH: `${BIN}${delimiter}${process.env['PATH'] ?? ''}` }

const run = async (cwd: string, command: string, ...args: string[]): Promise<boolean> => {
  process.stderr.write(`\n── ${command} ${args.join(' ')}\n`)
  const { failed } = await execa(command, args, {
    cwd,
    env,
    reject: false,
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'inherit',
  })
  return !failed
}

const sum = (counts: readonly Counts[]): Counts => ({
  passed: counts.reduce((total, { passed }) => total + passed, 0),
  failed: counts.reduce((total, { failed }) => total + failed, 0),
})

/** A check that is right or wrong as a whole. It says what it found in one piece, since others run beside it. */
const check = async (command: string, ...args: string[]): Promise<Counts> => {
  const { failed, all, shortMessage } = await execa(command, args, {
    cwd: ROOT,
    env,
    reject: false,
    stdin: 'ignore',
    all: true,
  })
  process.stderr.write(`\n── ${command} ${args.join(' ')}\n${all}\n${failed ? `${shortMessage}\n` : ''}`)
  return { passed: failed ? 0 : 1, failed: failed ? 1 : 0 }
}

/** Each keeps one processor busy, for a quarter of a minute at most. */
const staticChecks = async (): Promise<Counts> =>
  sum(
    await Promise.all([
      check('node', 'scripts/generate.ts', '--check'),
      check('oxlint', '--deny-warnings'),
      check('prettier', '--check', '--log-level', 'warn', '.'),
      check('tsc', '--noEmit'),
    ]),
  )

const VitestReport = z.object({ numPassedTests: z.number(), numFailedTests: z.number(), success: z.boolean() })

const vitest = async (project: string): Promise<Counts> => {
  await using scratch = await mkdtempDisposable(join(tmpdir(), 'firedrill-test-'))
  const file = join(scratch.path, 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const ok = await run(ROOT, 'vitest', 'run', '--project', project, ...reporters)
  const text = await readFile(file, 'utf8').catch(() => '{}')
  const report = VitestReport.safeParse(JSON.parse(text)).data
  const failed = report?.numFailedTests ?? 0
  // A file that did not even load fails the run without failing a test.
  return { passed: report?.numPassedTests ?? 0, failed: ok ? 0 : Math.max(failed, 1) }
}

const GoEvent = z.object({ Action: z.string(), Test: z.string().optional(), Output: z.string().optional() })

const goTest = async (module: string): Promise<Counts> => {
  process.stderr.write(`\n── go test ./... in tools/${module}\n`)
  const cwd = join(ROOT, 'tools', module)
  const { stdout, stderr, failed } = await execa('go', ['test', '-json', './...'], {
    cwd,
    reject: false,
    stdin: 'ignore',
  })
  const events = stdout.split('\n').flatMap((line) => {
    const event = line.startsWith('{') ? GoEvent.safeParse(JSON.parse(line)).data : undefined
    return event === undefined ? [] : [event]
  })
  const count = (action: string): number => events.filter((event) => event.Test && event.Action === action).length
  if (failed) process.stderr.write(`${stderr}${events.map((event) => event.Output ?? '').join('')}`)
  return { passed: count('pass'), failed: failed ? Math.max(count('fail'), 1) : 0 }
}

const FUZZ_TIME = '10s'

/** Every fuzz test of a module for a bounded time. What it finds stays in the package's testdata/fuzz, as a seed. */
const goFuzz = async (module: string): Promise<Counts> => {
  const cwd = join(ROOT, 'tools', module)
  const { stdout } = await execa('go', ['test', '-list', '^Fuzz', './...'], { cwd, stdin: 'ignore' })
  const total: Counts = { passed: 0, failed: 0 }
  let names: string[] = []
  // The names of a package's tests, and then a line with the package: `ok  	firedrill/tools/k6/llm/stream	0.004s`.
  for (const line of stdout.split('\n')) {
    if (line.startsWith('Fuzz')) names.push(line)
    const path = /^ok\s+(\S+)/.exec(line)?.[1]
    if (path === undefined) continue
    for (const name of names) {
      const ok = await run(cwd, 'go', 'test', '-run', '^$', '-fuzz', `^${name}$`, '-fuzztime', FUZZ_TIME, path)
      total[ok ? 'passed' : 'failed'] += 1
    }
    names = []
  }
  return total
}

const suites: (() => Promise<Counts>)[] = [
  staticChecks,
  () => goTest('k6'),
  () => goTest('calibration'),
  () => goFuzz('k6'),
  () => vitest('unit'),
  () => vitest('e2e*'),
]

const counts: Counts[] = []
for (const suite of suites) counts.push(await suite())
const { passed, failed } = sum(counts)
process.stdout.write(`\n${passed} passed, ${failed} failed\n`)
process.exitCode = failed > 0 ? 1 : 0
