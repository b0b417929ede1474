import { expect, test } from 'vitest'
import { countsOf, knownColumns } from './trace.ts'

const CSV = 'TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46,374,44\r\n2023-11-16 18:15:50,396,0\r\n'
const JSONL =
  '{"timestamp": 0, "input_length": 6758, "output_length": 500}\n{"timestamp": 0, "input_length": 7, "output_length": 9}\n'

test('the columns of known traces are found, in CSV and JSON lines', () => {
  expect(knownColumns(CSV)).toEqual(['ContextTokens', 'GeneratedTokens'])
  expect(knownColumns(JSONL)).toEqual(['input_length', 'output_length'])
})

test('counts are read, rows without tokens left out and counted', () => {
  expect(countsOf(CSV, 'ContextTokens')).toEqual({ counts: [374, 396], left: 0 })
  expect(countsOf(CSV, 'GeneratedTokens')).toEqual({ counts: [44], left: 1 })
  expect(countsOf(JSONL, 'input_length')).toEqual({ counts: [6_758, 7], left: 0 })
})

test('what is no trace, no column and no count is told', () => {
  expect(() => knownColumns('a,b\n1,2')).toThrow('found a, b')
  expect(() => countsOf(CSV, 'x')).toThrow('found "x"')
  expect(() => countsOf(CSV, 'TIMESTAMP')).toThrow('found "2023-11-16 18:15:46" in row 1')
})
