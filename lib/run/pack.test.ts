import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { buildRun } from '../../reports/testing/build-run.ts'
import { writeRun } from '../../reports/testing/write-run.ts'
import { RUN_FILES } from '../core/run-folder.ts'
import { until } from '../core/until.ts'
import { BUNDLE } from '../k6/command.ts'
import { isPlaying } from '../k6/playing.ts'
import { readParquet } from '../parquet/read.ts'
import { packLeftover, packRun } from './pack.ts'

const RUN = buildRun({ steps: [{ name: 'kill', injected: 80, healed: 100, recovered: 102 }] })
const ROWS = RUN.requests ?? []

let dir = ''
/** A run whose k6 and whose firedrill were killed: the rows are in the spool. */
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pack-'))
  await writeRun(dir, RUN)
  await rm(join(dir, RUN_FILES.requests))
  await writeFile(join(dir, RUN_FILES.requestSpool), ROWS.map((row) => JSON.stringify({ ...row, gaps: [] })).join('\n'))
})
afterEach(() => rm(dir, { recursive: true }))

test('what a killed run left is packed once, with the faults that its requests met', async () => {
  expect(await packLeftover(dir)).toEqual({ rows: ROWS.length, bad: 0 })
  const rows = await readParquet(join(dir, RUN_FILES.requests), ['started', 'ended', 'fault'])
  const [from, to] = [RUN.faults?.[0]?.status?.injected, RUN.faults?.[0]?.status?.recovered].map((time) =>
    Date.parse(time ?? ''),
  )
  for (const { started, ended, fault } of rows) {
    const met = Number(started) < (to ?? 0) && Number(ended) > (from ?? 0)
    expect(fault).toBe(met ? 'kill' : null)
  }
  expect(rows.some(({ fault }) => fault === 'kill')).toBe(true)
  expect(await packLeftover(dir)).toBeNull()
})

test('a run that was scored while it healed has its faults in the rows all the same', async () => {
  const faults = await readFile(join(dir, RUN_FILES.faults), 'utf8')
  await rm(join(dir, RUN_FILES.faults))
  expect(await packLeftover(dir)).toEqual({ rows: ROWS.length, bad: 0 })
  const before = await readParquet(join(dir, RUN_FILES.requests))
  await writeFile(join(dir, RUN_FILES.faults), faults)
  expect(await packRun(dir)).toBeNull()
  const rows = await readParquet(join(dir, RUN_FILES.requests))
  expect(rows.some(({ fault }) => fault === 'kill')).toBe(true)
  expect(rows.map((row) => ({ ...row, fault: null }))).toEqual(before)
})

test('without the records of the faults nobody knows what a request met', async () => {
  await writeFile(join(dir, RUN_FILES.faults), '[{"kind":')
  expect(await packLeftover(dir)).toEqual({ rows: ROWS.length, bad: 0 })
  expect((await readParquet(join(dir, RUN_FILES.requests), ['fault'])).every(({ fault }) => fault === null)).toBe(true)
})

test.each([
  ['', (path: string) => Promise.resolve(path)],
  [
    ', whose runs are under a symbolic link',
    async (path: string) => {
      await symlink(path, join(path, 'link'))
      return join(path, 'link')
    },
  ],
])('the spool of a k6 that still plays is left alone%s', async (_, named) => {
  await mkdir(join(dir, dirname(BUNDLE)), { recursive: true })
  await writeFile(join(dir, BUNDLE), '')
  // Any process with the run's script among its arguments, as k6 has it.
  const player = spawn('sh', ['-c', 'read line', 'run', join(await named(dir), BUNDLE)])
  try {
    await until(() => isPlaying(dir).then((playing) => playing === true), { what: 'the player', timeoutMs: 5_000 })
    expect(await packLeftover(dir)).toBeNull()
    await access(join(dir, RUN_FILES.requestSpool))
  } finally {
    player.kill('SIGKILL')
    await once(player, 'exit')
  }
  expect(await isPlaying(dir)).toBe(false)
  expect(await packLeftover(dir)).toEqual({ rows: ROWS.length, bad: 0 })
})

test('what killed writers left half is removed once nobody can be at it any more', async () => {
  const parts = [`${RUN_FILES.requests}.3f2a.part`, `${RUN_FILES.series}/up.parquet.77aa.part`, 'run.json.part']
  for (const part of parts) await writeFile(join(dir, part), 'PAR1')
  const before = (await readdir(dir, { recursive: true })).length
  await packLeftover(dir)
  for (const part of parts) await access(join(dir, part))
  const old = new Date(Date.now() - 61_000)
  for (const part of parts) await utimes(join(dir, part), old, old)
  expect(await packLeftover(dir)).toBeNull()
  // The spool has become the packed file; the parts alone have gone.
  expect(await readdir(dir, { recursive: true })).toHaveLength(before - parts.length)
  for (const part of parts) await expect(access(join(dir, part))).rejects.toThrow('ENOENT')
})
