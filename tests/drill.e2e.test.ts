import { readdir, readFile, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PackedRequest, RUN_FILES } from '../lib/core/run-folder.ts'
import { Verdict, type VerdictLine } from '../lib/core/verdict.ts'
import { readParquet } from '../lib/parquet/read.ts'
import { type Entry, openEntry } from './support/entry.ts'

const NAME = 'drill-test'

let entry: Entry

const run = async (
  scenario: string,
  ...args: string[]
): Promise<{ exitCode: number | undefined; verdict: Verdict }> => {
  const { exitCode, stdout, stderr } = await entry.run('run', scenario, '--name', NAME, '--keep', '--json', ...args)
  if (!stdout.startsWith('{')) throw new Error(`no verdict; stderr:\n${stderr}`)
  return { exitCode, verdict: Verdict.parse(JSON.parse(stdout)) }
}

const fixture = (name: string): string => join(import.meta.dirname, 'fixtures', name)

const classesOf = ({ lines }: Verdict, step: string): Record<string, VerdictLine['class']> =>
  Object.fromEntries(lines.filter((line) => line.step === step).map((line) => [line.alert, line.class]))

beforeAll(async () => {
  entry = await openEntry(NAME)
})

afterAll(async () => {
  expect((await entry.run('down', '--name', NAME)).exitCode).toBe(0)
  await entry.remove()
})

test('a killed pod is noticed, everything else stays quiet, and the folder holds all of it', async () => {
  const { exitCode, verdict } = await run(join(import.meta.dirname, '../scenarios/smoke.ts'))
  expect(verdict.reasons).toEqual([])
  expect(exitCode).toBe(0)
  expect(verdict.outcome).toBe('pass')
  expect(verdict.synthetic).toBe(true)
  expect(classesOf(verdict, 'kill')['VLLMReplicaMissing']).toBe('on-time')
  expect(verdict.load).toMatchObject({
    delivered: true,
    offered: { kind: 'users', planned: 50, gauge: 50, recorded: 50 },
  })

  const dir = await realpath(join(entry.folder, 'runs/latest'))
  const records = await readParquet(join(dir, RUN_FILES.requests))
  expect(records.length).toBe(verdict.load.requests)
  for (const record of records) PackedRequest.parse(record)
  for (const file of [RUN_FILES.report, RUN_FILES.verdictCsv, RUN_FILES.faults, RUN_FILES.rules, RUN_FILES.pods]) {
    expect((await readFile(join(dir, file), 'utf8')).length, file).toBeGreaterThan(0)
  }
  expect(await readdir(join(dir, RUN_FILES.dataset))).toContain('cases.csv')
})

test('rules that cannot be right are told apart, and the run does not pass', async () => {
  const { exitCode, verdict } = await run(fixture('truth.yaml'), '--rules', fixture('truth-rules.yaml'))
  expect(classesOf(verdict, 'kill')).toEqual({
    DeadMetric: 'no-data',
    Unreachable: 'missed',
    AlwaysFiring: 'contaminated',
  })
  expect(verdict.outcome).toBe('fail')
  expect(exitCode).toBe(1)
})

test('a fault without effect proves nothing about the alerts', async () => {
  const { exitCode, verdict } = await run(fixture('ineffective.yaml'))
  const expected = verdict.lines.filter(({ step, symptom }) => step === 'template' && symptom === 'cache')
  expect(expected.length).toBeGreaterThan(0)
  for (const line of expected) expect(line.class, line.alert).toBe('fault-ineffective')
  expect(verdict.outcome).toBe('unknown')
  expect(exitCode).toBe(2)
})

test('with the cluster down, score and report say the same from the folder alone', async () => {
  const dir = await realpath(join(entry.folder, 'runs/latest'))
  const before = await readFile(join(dir, RUN_FILES.verdict), 'utf8')
  expect((await entry.run('down', '--name', NAME)).exitCode).toBe(0)
  await rm(join(dir, RUN_FILES.verdict))
  await rm(join(dir, RUN_FILES.report))
  expect((await entry.run('score', 'runs/latest')).exitCode).toBe(2)
  expect(await readFile(join(dir, RUN_FILES.verdict), 'utf8')).toBe(before)
  expect((await entry.run('report', 'runs/latest')).exitCode).toBe(0)
  expect(await readFile(join(dir, RUN_FILES.report), 'utf8')).toContain('</html>')
})
