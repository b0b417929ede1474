import { UserError } from '../../lib/core/errors.ts'

/** Columns of prompt and output tokens in the traces that many people use. */
const KNOWN = [
  ['ContextTokens', 'GeneratedTokens'], // Azure/AzurePublicDataset
  ['input_length', 'output_length'], // kvcache-ai/Mooncake
  ['Request tokens', 'Response tokens'], // HPMLL/BurstGPT
]

/** The trace's columns of prompt and output tokens, where they are those of a known trace. */
export const knownColumns = (trace: string): string[] => {
  const names = namesOf(trace)
  const known = KNOWN.find((columns) => columns.every((column) => names.includes(column)))
  if (known !== undefined) return known
  throw new UserError({
    code: 'trace-unknown',
    message: `expected the columns of a known trace (${KNOWN.map((columns) => columns.join(' and ')).join('; ')}), found ${names.join(', ')}`,
    hint: 'name the columns of prompt and output tokens: --columns PROMPT,OUTPUT',
  })
}

/** The column's token counts. Rows of none, as failed requests have, are left out and counted. */
export const countsOf = (trace: string, column: string): { counts: number[]; left: number } => {
  const names = namesOf(trace)
  if (!names.includes(column)) {
    throw new UserError({
      code: 'column-unknown',
      message: `expected one of the columns ${names.join(', ')}, found "${column}"`,
      hint: 'name the columns of prompt and output tokens: --columns PROMPT,OUTPUT',
    })
  }
  const lines = trace.split(/\r?\n/).filter((line) => line !== '')
  const at = names.indexOf(column)
  const values = isJsonLines(trace)
    ? lines.map((line) => (JSON.parse(line) as Record<string, unknown>)[column]) // checked below
    : lines.slice(1).map((line) => line.split(',')[at])
  const numbers = values.map((value, row) => {
    const count = Number(value)
    if (Number.isInteger(count) && count >= 0 && value !== '') return count
    throw new UserError({
      code: 'count-invalid',
      message: `expected token counts in column "${column}", found "${String(value)}" in row ${row + 1}`,
      hint: 'name the columns of prompt and output tokens: --columns PROMPT,OUTPUT',
    })
  })
  const counts = numbers.filter((count) => count > 0)
  return { counts, left: numbers.length - counts.length }
}

// --- Internal helpers ---

const isJsonLines = (trace: string): boolean => trace.startsWith('{')

const namesOf = (trace: string): string[] => {
  const first = trace.slice(0, trace.search(/\r?\n|$/))
  return isJsonLines(trace) ? Object.keys(JSON.parse(first) as object) : first.split(',')
}
