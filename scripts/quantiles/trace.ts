import { UserError } from '../../lib/core/errors.ts'
import { splitFields } from '../../lib/run/trace/csv-fields.ts'

/** A trace with named values in each row, whatever its format. */
export interface Trace {
  /** Of the header, or of the first object. */
  names: string[]
  rows: Row[]
}

interface Row {
  /** From 1. */
  line: number
  valueOf(name: string): unknown
}

/** Columns of prompt and output tokens in the traces that many people use. */
const KNOWN = [
  ['ContextTokens', 'GeneratedTokens'], // Azure/AzurePublicDataset
  ['input_length', 'output_length'], // kvcache-ai/Mooncake
  ['Request tokens', 'Response tokens'], // HPMLL/BurstGPT
]

const NAME_THEM = 'name the columns of prompt and output tokens: --columns PROMPT,OUTPUT'

/** CSV with a header, or JSON lines; values in quotes may hold commas, and no line breaks. */
export const parseTrace = (text: string): Trace => {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((content, index) => ({ content, line: index + 1 }))
    .filter(({ content }) => content.trim() !== '')
  const [header, ...rest] = lines
  if (header === undefined) throw broken('found an empty file')
  if (header.content.trimStart().startsWith('{')) {
    const rows = lines.map(({ content, line }) => ({ line, object: objectOf(content, line) }))
    return {
      names: Object.keys(rows[0]?.object ?? {}),
      rows: rows.map(({ line, object }) => ({ line, valueOf: (name) => object[name] })),
    }
  }
  const names = fieldsOf(header.content, header.line)
  return {
    names,
    rows: rest.map(({ content, line }) => {
      const fields = fieldsOf(content, line)
      if (fields.length !== names.length)
        throw broken(`found ${fields.length} values instead of the header’s ${names.length} in line ${line}`)
      return { line, valueOf: (name) => fields[names.indexOf(name)] }
    }),
  }
}

/** The trace's columns of prompt and output tokens, where they are those of a known trace. */
export const knownColumns = ({ names }: Trace): string[] => {
  const known = KNOWN.find((columns) => columns.every((column) => names.includes(column)))
  if (known !== undefined) return known
  throw new UserError({
    code: 'trace-unknown',
    message: `expected the columns of a known trace (${KNOWN.map((columns) => columns.join(' and ')).join('; ')}), found ${names.join(', ')}`,
    hint: NAME_THEM,
  })
}

/** The column's token counts, of which there is at least one. Rows of none, as failed requests have, are left out and counted. */
export const countsOf = ({ names, rows }: Trace, column: string): { counts: number[]; left: number } => {
  if (!names.includes(column)) {
    throw new UserError({
      code: 'column-unknown',
      message: `expected one of the columns ${names.join(', ')}, found "${column}"`,
      hint: NAME_THEM,
    })
  }
  const numbers = rows.map(({ line, valueOf }) => {
    const value = valueOf(column)
    const count = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
    if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0) return count
    throw new UserError({
      code: 'count-invalid',
      message: `expected token counts in column "${column}", found ${JSON.stringify(value) ?? 'nothing'} in line ${line}`,
      hint: NAME_THEM,
    })
  })
  const counts = numbers.filter((count) => count > 0)
  if (counts.length > 0) return { counts, left: numbers.length - counts.length }
  throw new UserError({
    code: 'counts-missing',
    message: `expected rows with tokens in column "${column}", found ${numbers.length === 0 ? 'no rows' : `${numbers.length} without any`}`,
    hint: NAME_THEM,
  })
}

// --- Internal helpers ---

const broken = (found: string): UserError =>
  new UserError({
    code: 'trace-invalid',
    message: `expected a trace as CSV with a header, or as JSON lines, ${found}`,
    hint: 'mend the file, or leave that line out',
  })

const objectOf = (content: string, line: number): Record<string, unknown> => {
  try {
    const row: unknown = JSON.parse(content)
    if (typeof row === 'object' && row !== null && !Array.isArray(row)) return { ...row }
  } catch {
    // Told below.
  }
  throw broken(`found no JSON object in line ${line}`)
}

const fieldsOf = (content: string, line: number): string[] => {
  const fields = attempt(() => splitFields(content))
  if (fields === null) throw broken(`found quotes that do not match in line ${line}`)
  return fields
}

const attempt = <T>(work: () => T | null): T | null => {
  try {
    return work()
  } catch {
    return null
  }
}
