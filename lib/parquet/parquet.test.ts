import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readParquet } from './read.ts'
import { writeParquet } from './write.ts'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'parquet-'))
})
afterAll(() => rm(dir, { recursive: true }))

test('what was written is read again, nulls and non-finite numbers too', async () => {
  const path = join(dir, 'all.parquet')
  await writeParquet(path, [
    { name: 'time_ms', type: 'INT64', data: [1_795_310_865_287, 0, -1] },
    { name: 'value', type: 'DOUBLE', data: [0.5, Number.POSITIVE_INFINITY, null] },
    { name: 'labels', type: 'STRING', data: ['{"pod":"a"}', '', null] },
    { name: 'ready', type: 'BOOLEAN', data: [true, false, null] },
  ])
  expect(await readParquet(path)).toEqual([
    { time_ms: 1_795_310_865_287, value: 0.5, labels: '{"pod":"a"}', ready: true },
    { time_ms: 0, value: Number.POSITIVE_INFINITY, labels: '', ready: false },
    { time_ms: -1, value: null, labels: null, ready: null },
  ])
  expect(await readParquet(path, ['time_ms'])).toEqual([
    { time_ms: 1_795_310_865_287 },
    { time_ms: 0 },
    { time_ms: -1 },
  ])
  expect(await readdir(dir)).toEqual(['all.parquet'])
})

test('a file of no rows is a file', async () => {
  const path = join(dir, 'none.parquet')
  await writeParquet(path, [{ name: 'value', type: 'DOUBLE', data: [] }])
  expect(await readParquet(path)).toEqual([])
})
