import { secondsClock, wallClock } from './clocks.ts'
import { splitFields } from './csv-fields.ts'
import type { LineReader } from './json-lines.ts'
import { countRows, cut, isTokenCount } from './rows.ts'

/** CSV with the columns of Azure's traces, or of BurstGPT's. Values in quotes may go on over several lines. */
export const readTable = (): LineReader => {
  const rows = countRows(true)
  let header: Header | null = null
  let open: string | null = null
  return {
    take(line) {
      const text: string = open === null ? line : `${open}\n${line}`
      if (text === '') return
      const fields = splitFields(text)
      open = fields === null ? text : null
      if (fields === null && text.length > LONGEST_CHARACTERS)
        throw new Error('expected a value’s closing quote, found none')
      if (fields === null) return
      if (header === null) {
        header = findColumns(fields)
        return
      }
      if (fields.length !== header.width)
        throw new Error(
          `expected the header’s ${header.width} comma-separated values, found ${fields.length}: ${cut(text)}`,
        )
      rows.take(timeOf(fields, header))
    },
    end() {
      if (open !== null) throw new Error(`expected a value’s closing quote, found none: ${cut(open)}`)
    },
    length: () => rows.length(),
  }
}

// --- Internal helpers ---

/** No row is that long: a quote that nobody closed would keep the rest of the file. */
const LONGEST_CHARACTERS = 65_536

interface Table {
  time: string
  tokens: readonly [string, string]
  /** Milliseconds; null where the text is no such time. */
  clock(text: string): number | null
  example: string
}

interface Header {
  table: Table
  width: number
  time: number
  tokens: { name: string; at: number }[]
}

const TABLES: readonly Table[] = [
  {
    time: 'TIMESTAMP',
    tokens: ['ContextTokens', 'GeneratedTokens'],
    clock: wallClock,
    example: '2023-11-16 18:15:46.6805900',
  },
  {
    time: 'Timestamp',
    tokens: ['Request tokens', 'Response tokens'],
    clock: secondsClock,
    example: '12.5 (seconds)',
  },
]

const findColumns = (names: readonly string[]): Header => {
  const table = TABLES.find(({ time, tokens }) => [time, ...tokens].every((name) => names.includes(name)))
  if (table === undefined)
    throw new Error(
      'expected the columns TIMESTAMP, ContextTokens, GeneratedTokens (Azure) or Timestamp, Request tokens, Response tokens (BurstGPT), ' +
        `or JSON lines with timestamp (Mooncake) or at; found ${JSON.stringify(cut(names.join(',')))}`,
    )
  return {
    table,
    width: names.length,
    time: names.indexOf(table.time),
    tokens: table.tokens.map((name) => ({ name, at: names.indexOf(name) })),
  }
}

const timeOf = (fields: readonly string[], { table, time, tokens }: Header): number => {
  const text = fields[time] ?? ''
  const at = table.clock(text)
  if (at === null)
    throw new Error(`expected ${table.time} to be a time such as ${table.example}, found ${JSON.stringify(cut(text))}`)
  for (const { name, at: column } of tokens) {
    const count = fields[column] ?? ''
    if (!/^[+-]?\d+$/.test(count) || !isTokenCount(Number(count)))
      throw new Error(`expected ${name} to be a whole number from 0, found ${JSON.stringify(cut(count))}`)
  }
  return at
}
