import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { traceLength } from './length.ts'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'traces-'))
})
afterAll(() => rm(dir, { recursive: true }))

const lengthOf = async (text: string): Promise<number> => {
  await writeFile(join(dir, 'trace'), text)
  return traceLength(join(dir, 'trace'))
}

// The beginnings of the published files.
const AZURE =
  'TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9951690,396,109\n'
const AZURE_2024 =
  'TIMESTAMP,ContextTokens,GeneratedTokens\r\n2024-05-10 00:00:00.009930+00:00,2162,5\r\n2024-05-10 00:00:00.017335+00:00,2399,6\r\n'
const MOONCAKE =
  '{"timestamp": 3000, "input_length": 6758, "output_length": 500, "hash_ids": [0, 1]}\n{"timestamp": 9000, "input_length": 1}\n'
const BURST =
  'Timestamp,Model,Request tokens,Response tokens,Log Type\n5,ChatGPT,472,18,Conversation log\n45.5,GPT-4,100,0,API log\n'
const OWN = '{"at": 500, "promptTokens": 10, "outputTokens": 4}\n\n{"at": 1500.5}\n'

test.each([
  ['Azure', AZURE, 4_314.579],
  ['Azure with a zone', AZURE_2024, 7.405],
  ['Azure with a mark, and no end of line', `\uFEFF${AZURE_2024.trimEnd()}`, 7.405],
  [
    'Azure across a midnight and a zone',
    `${AZURE.split('\n')[0]}\n2024-02-29 23:59:59Z,1,1\n2024-03-01 02:00:01+02:00,1,1\n`,
    2_000,
  ],
  ['BurstGPT', BURST, 40_500],
  ['BurstGPT in quotes', BURST.replace('Conversation log', '"a, ""b""\nand c"'), 40_500],
  ['Mooncake', MOONCAKE, 6_000],
  ['its own', OWN, 1_500.5],
  ['its own in other letters', '{"At": 500, "promptTokens": null}\n{"AT": 700}', 700],
  ['one row', '{"at": 500}', 500],
  ['a long one', `{"at": 1}\n${'{"at": 2, "promptTokens": 100}\n'.repeat(50_000)}{"at": 9000}\n`, 9_000],
])('the length of %s is known', async (_, text, length) => expect(await lengthOf(text)).toBeCloseTo(length, 2))

const header = (text: string): string => `${text.split('\n')[0]}\n`

describe('a row that k6 would refuse is found, with its line', () => {
  test.each([
    ['', 'found an empty file'],
    ['\n\n', 'found an empty file'],
    [' \n', 'line 1: expected the columns'],
    ['a,b\n1,2\n', 'line 1: expected the columns TIMESTAMP, ContextTokens, GeneratedTokens (Azure) or'],
    ['timestamp,prompt,output\n1,374,44\n', 'found "timestamp,prompt,output"'],
    [header(AZURE), 'expected rows after the header, found none'],
    [
      `${AZURE}2023-11-16 18:15:50.9951680,1,2\n`,
      'line 4: expected rows in the order of time, found one 0.001 ms earlier',
    ],
    [
      `${header(AZURE)}18:15,1,2\n`,
      'line 2: expected TIMESTAMP to be a time such as 2023-11-16 18:15:46.6805900, found "18:15"',
    ],
    [`${header(AZURE)}2023-02-29 18:15:51,1,2\n`, 'line 2: expected TIMESTAMP'],
    [`${header(AZURE)}2023-11-16T18:15:51,1,2\n`, 'line 2: expected TIMESTAMP'],
    [`${header(AZURE)}2023-11-16 24:00:00,1,2\n`, 'line 2: expected TIMESTAMP'],
    [
      `${AZURE}2023-11-16 18:15:51,x,2\n${AZURE}`,
      'line 4: expected ContextTokens to be a whole number from 0, found "x"',
    ],
    [`${AZURE}2023-11-16 18:15:51,1,-2\n`, 'line 4: expected GeneratedTokens to be a whole number from 0, found "-2"'],
    [`${AZURE}2023-11-16 18:15:51,1,2147483648\n`, 'line 4: expected GeneratedTokens'],
    [`${AZURE}2023-11-16 18:15:51,1\n`, 'line 4: expected the header’s 3 comma-separated values, found 2'],
    [`${AZURE}2023-11-16 18:15:51,1,"2\n`, 'line 4: expected a value’s closing quote'],
    [`${AZURE}2023-11-16 18:15:51,1,2"\n`, 'line 4: expected quotes around a whole value'],
    [`${AZURE}2023-11-16 18:15:51,1,"2"3\n`, 'line 4: expected a comma after a closing quote'],
    [`${BURST}NaN,x,1,2,y\n`, 'line 4: expected Timestamp to be a time such as 12.5 (seconds), found "NaN"'],
    [`${BURST}1e300,x,1,2,y\n`, 'line 4: expected a time within a year of the trace’s start'],
    ['{"time": 1}', 'line 1: expected {"at": ms'],
    ['{\n', 'line 1: expected'],
    [`${MOONCAKE}{"at": 9000}`, 'line 3: expected {"timestamp": ms'],
    [`${MOONCAKE}{"timestamp": 9000, "input_length": 1.5}`, 'line 3: expected {"timestamp": ms'],
    [`${MOONCAKE}{"timestamp": "9000"}`, 'line 3: expected {"timestamp": ms'],
    [`${MOONCAKE}{"timestamp": 9000, "at": "1"}`, 'line 3: expected {"timestamp": ms'],
    [
      `${MOONCAKE}{"timestamp": 1}\n${MOONCAKE}`,
      'line 3: expected rows in the order of time, found one 8999.000 ms earlier',
    ],
    [`${OWN}{"at": 2000, "promptTokens": -1}`, 'line 4: expected {"at": ms'],
    [`${OWN}{"at": 15`, 'line 4: expected {"at": ms'],
    [`${OWN} \n`, 'line 4: expected {"at": ms'],
    ['{"at": 1700000000000}', 'line 1: expected a time within a year of the trace’s start, found 1700000000000 ms'],
    ['{"at": -1}', 'line 1: expected a time within a year'],
  ])('%j', async (text, says) => await expect(lengthOf(text)).rejects.toThrow(says))

  test('and so is a line that never ends', async () => {
    const endless = lengthOf(`{"at": 1}\n${' '.repeat(2 ** 24 + 1)}`)
    await expect(endless).rejects.toThrow('line 2: expected a row, found a line longer than 16 Mi characters')
  })

  test('and so is what is no file', async () => {
    await expect(traceLength(join(dir, 'missing'))).rejects.toThrow('ENOENT')
    await expect(traceLength(dir)).rejects.toThrow('no regular file')
  })
})
