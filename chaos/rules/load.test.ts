import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Symptom } from '../../lib/core/symptom.ts'
import { parsePromDuration } from '../../lib/prometheus/duration.ts'
import { functionsIn, readExpression } from '../../lib/prometheus/promql.ts'
import { alertsIn } from '../../lib/prometheus/rule-file.ts'
import { shippedRules, userRules } from './load.ts'
import { toolPath } from '../../lib/toolchain/tools.mjs'

const RULE = 'groups: [{ name: g, rules: [{ alert: A, expr: up == 0, for: 1m }] }]\n'

const promtool = toolPath('promtool')

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rules-'))
})
afterAll(() => rm(dir, { recursive: true }))

const write = async (name: string, text: string): Promise<string> => {
  const path = join(dir, name)
  await writeFile(path, text)
  return path
}

const alerts = async (factor: number) => Object.values(await shippedRules(factor)).flatMap((file) => alertsIn(file))

test('every alert that ships says how bad, of what, and what to do', async () => {
  const shipped = await alerts(1)
  expect(shipped.length).toBeGreaterThanOrEqual(10)
  expect(new Set(shipped.map(({ alert }) => alert)).size).toBe(shipped.length)
  for (const { labels, annotations } of shipped) {
    expect(['warning', 'critical']).toContain(labels['severity'])
    expect(Symptom.safeParse(labels['symptom']).success).toBe(true)
    expect(Object.keys(annotations).sort()).toEqual(['description', 'runbook', 'summary'])
  }
  expect(new Set(shipped.map(({ labels }) => labels['symptom']))).toEqual(new Set(Symptom.options))
})

test('in the fast profile every window holds four scrapes of 2 s, and every for two evaluations', async () => {
  for (const { alert, expr, for: hold } of await alerts(7.5)) {
    const { windowMs } = readExpression(expr)
    expect([alert, windowMs === 0 || windowMs >= 8_000]).toEqual([alert, true])
    expect([alert, (parsePromDuration(hold) ?? 0) >= 4_000]).toEqual([alert, true])
  }
})

test('no threshold depends on the length of a window, so that windows can be shortened', async () => {
  const growing = new Set(['increase', 'delta', 'idelta', 'changes', 'resets', 'count_over_time', 'sum_over_time'])
  for (const { alert, expr } of await alerts(1)) {
    expect([alert, functionsIn(expr).filter((name) => growing.has(name))]).toEqual([alert, []])
  }
})

test('factor 1 leaves every text as it is written; 7.5 changes nothing but times', async () => {
  const [written, fast] = [await alerts(1), await alerts(7.5)]
  const bare = (text: string): string => text.replaceAll(/\b(?:\d+(?:ms|[smh]))+\b/g, '_')
  expect(written.find(({ alert }) => alert === 'VLLMThroughputDrop')?.expr).toContain('[10m] offset 2m')
  expect(fast.find(({ alert }) => alert === 'VLLMThroughputDrop')?.expr).toContain('[1m20s] offset 16s')
  expect(fast.map(({ expr }) => bare(expr))).toEqual(written.map(({ expr }) => bare(expr)))
})

test('rules of a user: a rule file as it is, a manifest by its spec, times divided when asked for', async () => {
  const plain = await write('plain.yml', RULE)
  const manifest = await write(
    'manifest.yaml',
    `kind: PrometheusRule\nspec: ${JSON.stringify({ groups: [] })}\n---\nspec:\n  ${RULE}`,
  )
  const files = await userRules([plain, manifest, plain], { promtool, factor: 6 })
  expect(Object.keys(files)).toEqual(['plain.yaml', 'manifest.yaml', 'plain-2.yaml'])
  for (const file of Object.values(files))
    expect(alertsIn(file)).toMatchObject([{ alert: 'A', expr: 'up == 0', for: '10s' }])
})

test.each([
  [
    'an expression that is none',
    'groups: [{ name: g, rules: [{ alert: A, expr: "rate(up" }] }]',
    /unclosed left parenthesis/,
  ],
  ['another kind of object', 'kind: ConfigMap\ndata: {}', /found kind ConfigMap/],
  ['no YAML', 'groups: [', /flow sequence/i],
  ['nothing', '', /found no mapping|found nothing/],
])('%s is refused with the reason', async (_, text, reason) => {
  const path = await write('bad.yaml', text)
  await expect(userRules([path], { promtool })).rejects.toMatchObject({
    code: 'rules-refused',
    message: expect.stringMatching(reason),
    exitCode: 64,
  })
})

test('a file that is not there', async () => {
  await expect(userRules([join(dir, 'none.yaml')], { promtool })).rejects.toMatchObject({ code: 'rules-unreadable' })
})
