import { access, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { RequestRecord } from '../core/run-folder.ts'
import { readParquet } from '../parquet/read.ts'
import { packRequests } from './records.ts'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'records-'))
})
afterAll(() => rm(dir, { recursive: true }))

const whole: RequestRecord = {
  id: 't1-12-0',
  vu: 12,
  iteration: 0,
  started: 1_795_320_463_991.896,
  ended: 1_795_320_467_548.639,
  ttft: 200.604,
  tpot: 55.01,
  e2e: 3_556.742,
  gapMax: 55.991,
  gapP99: 55.991,
  promptTokens: 15,
  outputTokens: 62,
  tokensFrom: 'usage',
  status: 200,
  outcome: 'ok',
  error: null,
  replica: 'vllm-0',
}
const refused: RequestRecord = {
  ...whole,
  id: 't1-13-0',
  started: whole.started - 10,
  ttft: null,
  tpot: null,
  gapMax: null,
  gapP99: null,
  promptTokens: null,
  outputTokens: 0,
  tokensFrom: 'chunks',
  status: 0,
  outcome: 'connect_refused',
  error: 'dial tcp 127.0.0.1:1: connect: connection refused',
  replica: null,
}

const pack = async (name: string, text: string) => {
  const spool = join(dir, `${name}.jsonl`)
  const parquet = join(dir, `${name}.parquet`)
  await writeFile(spool, text)
  const packed = await packRequests(spool, parquet)
  const left = await access(spool).then(
    () => true,
    () => false,
  )
  return { ...packed, left, read: z.array(RequestRecord).parse(await readParquet(parquet)) }
}

const lines = (...records: unknown[]): string => records.map((record) => `${JSON.stringify(record)}\n`).join('')

test('records come back as they were, in the order they started', async () => {
  expect(await pack('all', lines(whole, refused))).toEqual({ rows: 2, bad: 0, left: false, read: [refused, whole] })
})

test('a line that a killed k6 tore is left out, told, and kept', async () => {
  const torn = lines(whole) + JSON.stringify(refused).slice(0, 80)
  expect(await pack('torn', torn)).toEqual({ rows: 1, bad: 1, left: true, read: [whole] })
})

test('a line that is no record is not one', async () => {
  const { rows, bad } = await pack('odd', lines(whole, { ...whole, vu: 'twelve' }, { ...whole, extra: 1 }))
  expect({ rows, bad }).toEqual({ rows: 1, bad: 2 })
})

test('no spool is a file of no rows', async () => {
  const parquet = join(dir, 'none.parquet')
  expect(await packRequests(join(dir, 'none.jsonl'), parquet)).toEqual({ rows: 0, bad: 0 })
  expect(await readParquet(parquet)).toEqual([])
})
