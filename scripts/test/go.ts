/** The tests of the Go modules under tools/. */
import { join } from 'node:path'
import process from 'node:process'
import { z } from 'zod'
import { ROOT, quiet, run } from './command.ts'
import type { Failure, Outcome } from './outcome.ts'

/** A line of `go test -json`: https://pkg.go.dev/cmd/test2json. */
const Event = z.object({
  Action: z.string(),
  Package: z.string().optional(),
  Test: z.string().optional(),
  Output: z.string().optional(),
})

type Event = z.infer<typeof Event>

const eventOf = (line: string): Event[] => {
  const event = line.startsWith('{') ? Event.safeParse(JSON.parse(line)).data : undefined
  return event === undefined ? [] : [event]
}

const textOf = (line: string): string => (line.startsWith('{') ? (eventOf(line)[0]?.Output ?? '') : `${line}\n`)

export const goTest = async (module: string): Promise<Outcome> => {
  process.stderr.write(`\n── go test ./... in tools/${module}\n`)
  const { ok, stdout, all } = await quiet(join(ROOT, 'tools', module), 'go', 'test', '-json', './...')
  const events = stdout.split('\n').flatMap(eventOf)
  const passed = events.filter(({ Test, Action }) => Test !== undefined && Action === 'pass').length
  const failures = events
    .filter(({ Test, Action }) => Test !== undefined && Action === 'fail')
    .map((failed): Failure => {
      const own = events.filter(({ Package, Test }) => Package === failed.Package && Test === failed.Test)
      return { title: `${failed.Package} ${failed.Test}`, text: own.map(({ Output }) => Output ?? '').join('') }
    })
  // It did not compile, say: what was said lies in events, and beside them.
  if (!ok && failures.length === 0)
    failures.push({ title: `go test ./... in tools/${module}`, text: all.split('\n').map(textOf).join('') })
  for (const { title, text } of failures) process.stderr.write(`${title}\n${text}\n`)
  return { passed, failures }
}

/** Some ten seconds. In executions: Go before 1.27 may fail at the end of a duration, with nothing found (golang/go#75804). */
const BUDGET = ['-fuzztime', '150000x', '-fuzzminimizetime', '1000x']

/** Every fuzz test of a module, for a bounded count. What it finds stays in the package's testdata/fuzz, as a seed. */
export const goFuzz = async (module: string): Promise<Outcome> => {
  const cwd = join(ROOT, 'tools', module)
  const listed = await quiet(cwd, 'go', 'test', '-list', '^Fuzz', './...')
  if (!listed.ok) return { passed: 0, failures: [{ title: `go test -list in tools/${module}`, text: listed.all }] }
  let passed = 0
  const failures: Failure[] = []
  let names: string[] = []
  // The names of a package's tests, and then a line with the package: `ok  	firedrill/tools/k6/llm/stream	0.004s`.
  for (const line of listed.stdout.split('\n')) {
    if (line.startsWith('Fuzz')) names.push(line)
    const path = /^ok\s+(\S+)/.exec(line)?.[1]
    if (path === undefined) continue
    for (const name of names) {
      const { ok, all } = await run(cwd, 'go', 'test', '-run', '^$', '-fuzz', `^${name}$`, ...BUDGET, path)
      if (ok) passed += 1
      else failures.push({ title: `${path} ${name}`, text: all })
    }
    names = []
  }
  return { passed, failures }
}
