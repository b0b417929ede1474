import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RUN_FILES } from '../../lib/core/run-folder.ts'
import { score } from '../score/score.ts'
import { buildRun, rule } from '../testing/build-run.ts'
import { writeRun } from '../testing/write-run.ts'
import { readRun } from './read-run.ts'

const RUN = buildRun({
  steps: [{ name: 'kill', injected: 80, healed: 100, recovered: 102, alerts: [['availability']] }],
  rules: [rule('ReplicaDown', 'availability')],
  episodes: [{ alert: 'ReplicaDown', pending: 82, fired: 86, resolved: 104 }],
  conditions: { ReplicaDown: [{ from: 82, to: 104 }] },
})

const AT_TEN = {
  when: { kind: 'at' as const, time: 10_000 },
  fault: 'pod-kill',
  params: {},
  lasting: 30_000,
  overlaps: [],
}

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'run-'))
  await writeRun(dir, RUN, { 'vllm-0.log': 'started\n' })
})
afterEach(() => rm(dir, { recursive: true }))

test('a run folder is read as it was written', async () => {
  const run = await readRun(dir)
  expect(run).toEqual({ ...RUN, logs: ['vllm-0.log'] })
  expect(score(run).outcome).toBe('pass')
})

test('a scenario whose steps overlap, as they once could without saying so, is read', async () => {
  const { scenario } = RUN
  if (scenario === null) throw new Error('the run has a scenario')
  const timeline = { kill: AT_TEN, again: AT_TEN }
  await writeRun(dir, { ...RUN, scenario: { ...scenario, timeline } })
  const run = await readRun(dir)
  expect(Object.keys(run.scenario?.timeline ?? {})).toEqual(['kill', 'again'])
  expect(run.problems).toEqual([])
})

test('an empty folder is a run of which nothing is known', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'run-'))
  const run = await readRun(empty)
  await rm(empty, { recursive: true })
  expect(run).toMatchObject({ run: null, plan: null, requests: null, alerts: null })
  expect(run.problems.map(({ file }) => file)).toContain(RUN_FILES.faults)
  expect(score(run).outcome).toBe('unknown')
})

test('a torn last line costs that line, and the pass', async () => {
  await appendFile(join(dir, RUN_FILES.alerts), '{"labels":{"alertname":"Rep')
  const run = await readRun(dir)
  expect(run.alerts).toEqual(RUN.alerts)
  expect(run.problems).toMatchObject([{ file: RUN_FILES.alerts, kind: 'torn' }])
  expect(score(run).outcome).toBe('unknown')
})

test('requests come from the spool where they were never packed', async () => {
  await rm(join(dir, RUN_FILES.requests))
  const spool = (RUN.requests ?? []).map((request) => JSON.stringify(request)).join('\n')
  await writeFile(join(dir, RUN_FILES.requestSpool), spool)
  const run = await readRun(dir)
  expect(run.requests).toEqual(RUN.requests)
  expect(run.problems).toEqual([])
})

test('files that are something else are torn, not a crash', async () => {
  for (const file of [RUN_FILES.run, RUN_FILES.plan, RUN_FILES.requests, `${RUN_FILES.series}/k6_vus.parquet`]) {
    await writeFile(join(dir, file), '[1, 2]')
  }
  const run = await readRun(dir)
  expect(run.problems.map(({ kind }) => kind)).toEqual(['torn', 'torn', 'torn', 'torn'])
  expect(score(run).outcome).toBe('unknown')
})

test('a calibration may be missing; one that is damaged, or cannot be read, is told', async () => {
  const path = join(dir, RUN_FILES.calibration)
  expect((await readRun(dir)).problems).toEqual([])
  await writeFile(path, '{"schema":1,')
  expect((await readRun(dir)).problems).toMatchObject([{ file: RUN_FILES.calibration, kind: 'torn' }])
  await rm(path)
  await mkdir(path)
  const run = await readRun(dir)
  expect(run.problems).toMatchObject([{ file: RUN_FILES.calibration, reason: expect.stringContaining('EISDIR') }])
  expect(score(run).load.calibrationDamage).toContain('EISDIR')
})
