import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isScalar, parse, parseDocument, visit } from 'yaml'
import { z } from 'zod'
import { alertsIn } from '../../lib/prometheus/rule-file.ts'
import { divideDuration, divideDurations } from '../../lib/prometheus/scale.ts'
import { checkRules, shippedRules } from './load.ts'
import { toolPath } from '../../lib/toolchain/tools.mjs'

const FAST = 7.5
const TESTS = join(import.meta.dirname, 'tests')

const TestFile = z.object({
  tests: z.array(
    z.object({
      promql_expr_test: z.array(z.object({ expr: z.string(), exp_samples: z.array(z.unknown()) })),
    }),
  ),
})

const [written, fast, tests] = await Promise.all([shippedRules(1), shippedRules(FAST), readdir(TESTS)])

const promtool = toolPath('promtool')

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'promtool-'))
  for (const [profile, files] of Object.entries({ written, fast })) {
    await mkdir(join(dir, profile))
    for (const [name, text] of Object.entries(files)) await writeFile(join(dir, profile, name), text)
  }
})
afterAll(() => rm(dir, { recursive: true }))

const promtoolTests = async (profile: string, name: string, text: string): Promise<unknown> => {
  const path = join(dir, profile, `test-${name}`)
  await writeFile(path, text)
  const { stdout, stderr, exitCode } = await execa(promtool, ['test', 'rules', path], { reject: false })
  return { exitCode, said: `${stdout}${stderr}` }
}

test.each(tests)('promtool test rules: %s', async (name) => {
  const text = await readFile(join(TESTS, name), 'utf8')
  expect(await promtoolTests('written', name, text)).toMatchObject({ exitCode: 0 })
})

test.each(tests)('the same a factor faster, as in the fast profile: %s', async (name) => {
  const text = hasten(await readFile(join(TESTS, name), 'utf8'))
  expect(text).toContain('interval: 2s')
  expect(await promtoolTests('fast', name, text)).toMatchObject({ exitCode: 0 })
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

// --- Internal helpers ---

/** Every time of a test file divided: its intervals, its evaluation times, and the windows of its questions. */
const hasten = (text: string): string => {
  const document = parseDocument(text)
  visit(document, {
    Pair: (_, { key, value }) => {
      if (!isScalar(key) || !isScalar(value)) return
      if (key.value === 'expr') value.value = divideDurations(String(value.value), FAST)
      if (/interval|eval_time/.test(String(key.value))) value.value = divideDuration(String(value.value), FAST)
    },
  })
  return document.toString({ lineWidth: 0 })
}
