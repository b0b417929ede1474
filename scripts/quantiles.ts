import { createReadStream } from 'node:fs'
import { text } from 'node:stream/consumers'
import { errorMessage, UserError } from '../lib/core/errors.ts'
import { distanceTo, tableOf } from '../lib/core/quantile-table.ts'
import { meanOf } from '../lib/core/quantiles.ts'
import { parseOptions } from './quantiles/options.ts'
import { countsOf, knownColumns, parseTrace } from './quantiles/trace.ts'

/**
 * Makes the quantile tables of a workload (lib/core/lengths.ts) from a trace, and says how far they are from it:
 *
 *     node scripts/quantiles.ts AzureLLMInferenceTrace_conv.csv
 *     node scripts/quantiles.ts --columns prompt,answer --points 41 mine.jsonl
 *     git show HEAD:trace.csv | node scripts/quantiles.ts -
 */
const main = async (): Promise<void> => {
  const { file, columns, points } = parseOptions(process.argv.slice(2))
  const trace = parseTrace(await read(file))
  // All of it is looked at before anything is printed.
  const tables = (columns ?? knownColumns(trace)).map((column) => ({ column, ...countsOf(trace, column) }))
  for (const [index, { column, counts, left }] of tables.entries()) {
    const table = tableOf(counts, points)
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
    console.log(
      `// ${column}: ${counts.length} rows${left === 0 ? '' : ` (${left} without tokens left out)`}, mean ${mean.toFixed(1)}`,
    )
    console.log(
      `// table: mean ${meanOf(table).toFixed(1)}, Kolmogorov distance ${distanceTo(counts, table).toFixed(4)}`,
    )
    console.log(`${['promptTokens', 'outputTokens'][index] ?? column}: { quantiles: ${JSON.stringify(table)} },`)
  }
}

const read = async (file: string): Promise<string> => {
  try {
    return await text(file === '-' ? process.stdin : createReadStream(file))
  } catch (error) {
    throw new UserError({
      code: 'trace-unreadable',
      message: `expected a trace file at ${file}, found: ${errorMessage(error)}`,
      hint: 'name a file of CSV or JSON lines, or - for standard input',
      cause: error,
    })
  }
}

await main().catch((error: unknown) => {
  console.error(errorMessage(error))
  if (error instanceof UserError) console.error(error.hint)
  process.exitCode = 1
})
