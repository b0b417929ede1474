import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { PackedRequest, type RequestRecord, RUN_FILES } from '../core/run-folder.ts'
import { readParquet } from '../parquet/read.ts'
import { markFaults, packRequests } from './records.ts'

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'records-'))
})
afterAll(() => rm(root, { recursive: true }))

const whole: RequestRecord = {
  id: 't1-12-0',
  vu: 12,
  iteration: 0,
  arrival: 7,
  intended: 1_795_320_463_990.5,
  started: 1_795_320_463_991.896,
  connected: 1_795_320_463_992.1,
  reused: true,
  written: 1_795_320_463_992.25,
  ended: 1_795_320_467_548.639,
  firstEvent: 198.1,
  firstChoice: 198.1,
  ttft: 200.604,
  firstAnswer: null,
  tpot: 55.01,
  e2e: 3_556.742,
  gapMax: 55.991,
  gapP99: 55.991,
  gaps: [
    [54_784, 60],
    [55_808, 1],
  ],
  chunks: 62,
  coalesced: 0,
  traffic: null,
  extra: false,
  promptTokens: 15,
  cachedTokens: null,
  outputTokens: 62,
  tokensFrom: 'usage',
  finishReason: 'length',
  status: 200,
  outcome: 'ok',
  error: null,
  replica: 'vllm-0',
}
const refused: RequestRecord = {
  ...whole,
  id: 't1-13-0',
  arrival: null,
  intended: null,
  started: whole.started - 10,
  ended: whole.started - 9,
  connected: null,
  reused: null,
  written: null,
  firstEvent: null,
  firstChoice: null,
  ttft: null,
  tpot: null,
  gapMax: null,
  gapP99: null,
  gaps: [],
  chunks: 0,
  promptTokens: null,
  outputTokens: 0,
  tokensFrom: 'chunks',
  finishReason: null,
  status: 0,
  outcome: 'connect_refused',
  error: 'dial tcp 127.0.0.1:1: connect: connection refused',
  replica: null,
}

const folder = async (name: string, text: string | null): Promise<string> => {
  const dir = join(root, name)
  await mkdir(join(dir, 'load'), { recursive: true })
  if (text !== null) await writeFile(join(dir, RUN_FILES.requestSpool), text)
  return dir
}

const isThere = (dir: string, file: string): Promise<boolean> =>
  access(join(dir, file)).then(
    () => true,
    () => false,
  )

const rowsIn = async (dir: string) => z.array(PackedRequest).parse(await readParquet(join(dir, RUN_FILES.requests)))

const lines = (...records: unknown[]): string => records.map((record) => `${JSON.stringify(record)}\n`).join('')

test('records come back as they were, in the order they started, with the fault that they met', async () => {
  const dir = await folder('all', lines(whole, refused))
  const windows = [{ step: 'kill', from: whole.ended - 1, to: Infinity }]
  expect(await packRequests(dir, windows)).toEqual({ rows: 2, bad: 0 })
  expect(await rowsIn(dir)).toEqual([
    { ...refused, fault: null },
    { ...whole, fault: 'kill' },
  ])
  expect(await readdir(join(dir, 'load'))).toEqual(['requests.parquet'])
})

test('what is packed stays packed, whoever asks again', async () => {
  const dir = await folder('again', lines(whole))
  await packRequests(dir, [])
  expect(await packRequests(dir, [{ step: 'later', from: 0, to: Infinity }])).toBeNull()
  expect((await rowsIn(dir)).map(({ fault }) => fault)).toEqual([null])
})

test('whoever was killed between the file and the end of the spool does it again, with the same rows', async () => {
  const dir = await folder('killed', lines(refused, whole))
  await packRequests(dir, [])
  await writeFile(join(dir, RUN_FILES.requestSpool), lines(refused, whole))
  // Half a file of somebody who was killed while writing it.
  await writeFile(join(dir, `${RUN_FILES.requests}.1234.part`), 'PAR1')
  expect(await packRequests(dir, [])).toEqual({ rows: 2, bad: 0 })
  expect(await rowsIn(dir)).toHaveLength(2)
  expect(await isThere(dir, RUN_FILES.requestSpool)).toBe(false)
})

test('a spool that cannot be packed is left as it is', async () => {
  const dir = await folder('stuck', lines(whole))
  await mkdir(join(dir, RUN_FILES.requests, 'in-the-way'), { recursive: true })
  await expect(packRequests(dir, [])).rejects.toThrow()
  expect(await isThere(dir, RUN_FILES.requestSpool)).toBe(true)
  expect(await readdir(join(dir, 'load'))).toEqual(['requests.jsonl', 'requests.parquet'])
})

test('a line that a killed k6 tore is left out, told, and kept beside', async () => {
  const torn = JSON.stringify(refused).slice(0, 80)
  const dir = await folder('torn', lines(whole) + torn)
  expect(await packRequests(dir, [])).toEqual({ rows: 1, bad: 1 })
  expect(await rowsIn(dir)).toEqual([{ ...whole, fault: null }])
  expect(await readFile(join(dir, RUN_FILES.tornRequests), 'utf8')).toBe(`${torn}\n`)
  expect(await isThere(dir, RUN_FILES.requestSpool)).toBe(false)
})

test('a line that is no record is not one', async () => {
  const dir = await folder('odd', lines(whole, { ...whole, vu: 'twelve' }, { ...whole, extra: 1 }, 'text'))
  expect(await packRequests(dir, [])).toEqual({ rows: 1, bad: 3 })
})

test('two may pack the same spool at once', async () => {
  const dir = await folder('two', lines(refused, whole).repeat(2_000))
  const both = await Promise.all([packRequests(dir, []), packRequests(dir, [])])
  expect(both).toContainEqual({ rows: 4_000, bad: 0 })
  expect(await rowsIn(dir)).toHaveLength(4_000)
  expect(await readdir(join(dir, 'load'))).toEqual(['requests.parquet'])
})

test('token counts that no model ever made are kept as the server said them', async () => {
  const dir = await folder('counts', lines({ ...whole, promptTokens: 3e9, cachedTokens: 2 ** 32, outputTokens: 5e9 }))
  await packRequests(dir, [])
  expect(await rowsIn(dir)).toMatchObject([{ promptTokens: 3e9, cachedTokens: 2 ** 32, outputTokens: 5e9 }])
})

test('no spool is a file of no rows', async () => {
  const dir = await folder('none', null)
  expect(await packRequests(dir, [])).toEqual({ rows: 0, bad: 0 })
  expect(await rowsIn(dir)).toEqual([])
  await markFaults(dir, [{ step: 'kill', from: 0, to: Infinity }])
  expect(await rowsIn(dir)).toEqual([])
})

test('many records come in groups, sorted over all of them, whatever stands between', async () => {
  const count = 45_000
  // Ends are shuffled: every 1,000th request is slow and ends last of all, with a long error between.
  const records = Array.from({ length: count }, (_, index) => ({
    ...whole,
    id: `r-${index}`,
    started: index,
    gaps: [],
  }))
  const slow = records.filter((_, index) => index % 1_000 === 0).map((row) => ({ ...row, error: 'é'.repeat(500) }))
  const dir = await folder('many', lines(...records.filter((_, index) => index % 1_000 !== 0), ...slow.toReversed()))
  expect(await packRequests(dir, [])).toEqual({ rows: count, bad: 0 })
  const rows = await readParquet(join(dir, RUN_FILES.requests), ['id', 'error'])
  expect(rows.map(({ id }) => id)).toEqual(records.map(({ id }) => id))
  expect(rows[44_000]?.['error']).toBe('é'.repeat(500))
})
