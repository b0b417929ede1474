/** One or more projects of vitest.config.ts. */
import { mkdtempDisposable, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { z } from 'zod'
import { ROOT, run } from './command.ts'
import type { Failure, Outcome } from './outcome.ts'

/** Of the JSON reporter's file; `message` is of a file that did not load, or whose hooks threw. */
const Report = z.object({
  numPassedTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string(),
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()).nullable() }),
      ),
    }),
  ),
})

type Report = z.infer<typeof Report>

const failuresOf = ({ testResults }: Report): Failure[] =>
  testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(ROOT, name)
    const tests = assertionResults
      .filter((test) => test.status === 'failed')
      .map((test): Failure => ({
        title: `${file} > ${test.fullName.trim()}`,
        text: (test.failureMessages ?? []).join('\n'),
      }))
    return tests.length === 0 && status === 'failed' ? [{ title: file, text: message }] : tests
  })

/** @param project a name, or a pattern of names, in which `*` is anything */
export const vitest = async (project: string): Promise<Outcome> => {
  await using scratch = await mkdtempDisposable(join(tmpdir(), 'firedrill-test-'))
  const file = join(scratch.path, 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const { ok, all } = await run(ROOT, 'vitest', 'run', '--project', project, ...reporters)
  const text = await readFile(file, 'utf8').catch(() => '{}')
  const report = Report.safeParse(JSON.parse(text)).data
  const failures = report === undefined ? [] : failuresOf(report)
  // An error outside of any test fails the run without failing a test.
  if (!ok && failures.length === 0) failures.push({ title: `vitest --project ${project}`, text: all })
  return { passed: report?.numPassedTests ?? 0, failures }
}
