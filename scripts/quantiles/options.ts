import { parseArgs } from 'node:util'
import { errorMessage, UserError } from '../../lib/core/errors.ts'

export interface Options {
  /** A path, or - for standard input. */
  file: string
  /** Of prompt and output tokens; null for those of a known trace. */
  columns: [string, string] | null
  points: number
}

const USAGE =
  'usage: node scripts/quantiles.ts [--columns PROMPT,OUTPUT] [--points N] FILE (CSV or JSON lines; - for stdin)'
const MOST_POINTS = 10_000

export const parseOptions = (args: readonly string[]): Options => {
  const { values, positionals } = parse(args)
  const [file, ...more] = positionals
  if (file === undefined) throw refused('expected a trace file, found none')
  if (more.length > 0) throw refused(`expected one trace file, found ${positionals.length}: ${positionals.join(', ')}`)
  const points = Number(values.points)
  if (!/^\d+$/.test(values.points) || points < 2 || points > MOST_POINTS)
    throw refused(`expected --points to be a whole number from 2 to ${MOST_POINTS}, found "${values.points}"`)
  return { file, columns: values.columns === undefined ? null : columnsOf(values.columns), points }
}

// --- Internal helpers ---

const refused = (message: string): UserError => new UserError({ code: 'usage', message, hint: USAGE })

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: { columns: { type: 'string' }, points: { type: 'string', default: '33' } },
      allowPositionals: true,
    })
  } catch (error) {
    throw refused(errorMessage(error))
  }
}

const columnsOf = (text: string): [string, string] => {
  const [prompt = '', output = '', ...more] = text.split(',').map((name) => name.trim())
  if (prompt !== '' && output !== '' && more.length === 0) return [prompt, output]
  throw refused(`expected --columns to name two columns, found "${text}"`)
}
