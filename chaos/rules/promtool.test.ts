import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { alertsIn } from '../../lib/prometheus/rule-file.ts'
import { checkRules, shippedRules } from './load.ts'
import { toolPath } from '../../lib/toolchain/tools.mjs'

const TESTS = join(import.meta.dirname, 'tests')

const TestFile = z.object({
  tests: z.array(
    z.object({
      promql_expr_test: z.array(z.object({ expr: z.string(), exp_samples: z.array(z.unknown()) })),
    }),
  ),
})

const [written, fast, tests] = await Promise.all([shippedRules(1), shippedRules(7.5), readdir(TESTS)])

const promtool = toolPath('promtool')

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'promtool-'))
  for (const [name, text] of Object.entries(written)) await writeFile(join(dir, name), text)
})
afterAll(() => rm(dir, { recursive: true }))

test.each(tests)('promtool test rules: %s', async (name) => {
  const path = join(dir, `test-${name}`)
  await writeFile(path, await readFile(join(TESTS, name), 'utf8'))
  const { stdout, stderr, exitCode } = await execa(promtool, ['test', 'rules', path], { reject: false })
  expect({ exitCode, said: `${stdout}${stderr}` }).toMatchObject({ exitCode: 0 })
})

test('promtool takes the rules of the fast profile', async () => {
  for (const [name, text] of Object.entries(fast)) await checkRules(text, name, promtool)
})

test('every alert has a test in which it fires and one in which it is quiet', async () => {
  const texts = await Promise.all(tests.map((name) => readFile(join(TESTS, name), 'utf8')))
  const cases = texts.flatMap((text) => TestFile.parse(parse(text)).tests.flatMap((one) => one.promql_expr_test))
  const speaks = (alert: string, expr: string): boolean => new RegExp(`["|]${alert}["|]`).test(expr)
  for (const { alert } of Object.values(written).flatMap((text) => alertsIn(text))) {
    const own = cases.filter(({ expr }) => speaks(alert, expr))
    const fires = own.some(({ expr, exp_samples }) => expr.includes('alertstate="firing"') && exp_samples.length > 0)
    const quiet = own.some(({ exp_samples }) => exp_samples.length === 0)
    expect({ alert, fires, quiet }).toEqual({ alert, fires: true, quiet: true })
  }
})
