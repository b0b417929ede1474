import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { traceLength } from './trace-length.ts'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'traces-'))
})
afterAll(() => rm(dir, { recursive: true }))

const lengthOf = async (text: string): Promise<number | null> => {
  await writeFile(join(dir, 'trace'), text)
  return traceLength(join(dir, 'trace'))
}

const azure = (...times: string[]): string =>
  ['TIMESTAMP,ContextTokens,GeneratedTokens', ...times.map((time) => `${time},374,44`)].join('\r\n')

test.each([
  ['Azure', azure('2023-11-16 18:15:46.6805900', '2023-11-16 18:15:50.9951690'), 4_315],
  ['Azure with a zone', azure('2024-05-10 00:00:00.009930+00:00', '2024-05-10 00:00:02.509930+00:00'), 2_500],
  ['BurstGPT', 'Timestamp,Model,Request tokens,Response tokens\n5,ChatGPT,472,1\n45.5,GPT-4,100,1\n', 40_500],
  ['Mooncake', '{"timestamp": 3000, "input_length": 1}\n{"timestamp": 9000, "input_length": 1}\n', 6_000],
  ['its own', '{"at": 500}\n{"at": 1500.5}\n', 1_500.5],
  ['one row', '{"at": 500}', 500],
  ['a long one', `{"at": 1}\n${'{"at": 2, "promptTokens": 100}\n'.repeat(10_000)}{"at": 9000}\n`, 9_000],
  ['columns that k6 would not know', 'timestamp,prompt,output\n1,374,44\n3,374,44\n', null],
  ['something else', 'a,b\n1,2\n', null],
  ['an empty file', '', null],
  ['a header alone', 'TIMESTAMP,ContextTokens,GeneratedTokens\n', null],
  ['torn lines', '{"at": 500}\n{"at": 15', null],
])('of %s', async (_, text, length) => expect(await lengthOf(text)).toBe(length))
