import { expect, test } from 'vitest'
import { parseOptions } from './options.ts'
import { countsOf, knownColumns, parseTrace } from './trace.ts'

const CSV = parseTrace(
  'TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46,374,44\r\n2023-11-16 18:15:50,396,0\r\n',
)
const JSONL = parseTrace(
  '{"timestamp": 0, "input_length": 6758, "output_length": 500}\n\n{"timestamp": 0, "input_length": 7, "output_length": 9}\n',
)

test('the columns of known traces are found, in CSV and JSON lines', () => {
  expect(knownColumns(CSV)).toEqual(['ContextTokens', 'GeneratedTokens'])
  expect(knownColumns(JSONL)).toEqual(['input_length', 'output_length'])
})

test('counts are read, rows without tokens left out and counted', () => {
  expect(countsOf(CSV, 'ContextTokens')).toEqual({ counts: [374, 396], left: 0 })
  expect(countsOf(CSV, 'GeneratedTokens')).toEqual({ counts: [44], left: 1 })
  expect(countsOf(JSONL, 'input_length')).toEqual({ counts: [6_758, 7], left: 0 })
  const marked = parseTrace('\uFEFF\n"a, b",c\n5,"say ""x"", y"')
  expect(countsOf(marked, 'a, b')).toEqual({ counts: [5], left: 0 })
})

test.each([
  ['', 'found an empty file'],
  ['\n \n', 'found an empty file'],
  ['a,b\n1,2\n3\n', 'found 1 values instead of the header’s 2 in line 3'],
  ['a,b\n1,"2\n', 'found quotes that do not match in line 2'],
  ['{"a":1}\n{"a":\n', 'found no JSON object in line 2'],
  ['{"a":1}\nnull\n', 'found no JSON object in line 2'],
  ['{"a":1}\n[1]\n', 'found no JSON object in line 2'],
])('%j is no trace', (text, says) => expect(() => parseTrace(text)).toThrow(says))

test.each([
  ['a\n', 'found no rows'],
  ['a\n0\n0\n', 'found 2 without any'],
  ['a,b\n ,1\n', 'found " " in line 2'],
  ['a\n1.5\n', 'found "1.5" in line 2'],
  ['{"a":true}', 'found true in line 1'],
  ['{"a":[5]}', 'found [5] in line 1'],
  ['{"a":5}\n\n{"b":5}', 'found nothing in line 3'],
])('%j has no counts', (text, says) => expect(() => countsOf(parseTrace(text), 'a')).toThrow(says))

test('what is no known trace, and no column, is told', () => {
  expect(() => knownColumns(parseTrace('a,b\n1,2'))).toThrow('found a, b')
  expect(() => countsOf(CSV, 'x')).toThrow('found "x"')
  expect(() => countsOf(CSV, 'TIMESTAMP')).toThrow('found "2023-11-16 18:15:46" in line 2')
})

test('options are as they should be, or told', () => {
  expect(parseOptions(['a.csv'])).toEqual({ file: 'a.csv', columns: null, points: 33 })
  expect(parseOptions(['--columns', 'a, b c', '--points', '41', '-'])).toEqual({ file: '-', columns: ['a', 'b c'], points: 41 }) // prettier-ignore
})

const REFUSED: { args: string[]; says: string }[] = [
  { args: [], says: 'expected a trace file, found none' },
  { args: ['a', 'b'], says: 'expected one trace file, found 2: a, b' },
  { args: ['--nope', 'a'], says: "Unknown option '--nope'" },
  { args: ['--points'], says: 'argument missing' },
  ...['x', '-5', '0', '1', '2.5', '1e9', ''].map((points) => ({
    args: [`--points=${points}`, 'a'],
    says: `found "${points}"`,
  })),
  ...['', 'a', 'a,', 'a,b,c'].map((columns) => ({ args: ['--columns', columns, 'a'], says: `found "${columns}"` })),
]

test.each(REFUSED)('the options $args are refused', ({ args, says }) => expect(() => parseOptions(args)).toThrow(says))
