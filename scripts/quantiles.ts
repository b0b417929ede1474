import { createReadStream } from 'node:fs'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { errorMessage, UserError } from '../lib/core/errors.ts'
import { distanceTo, tableOf } from '../lib/core/quantile-table.ts'
import { meanOf } from '../lib/core/quantiles.ts'
import { countsOf, knownColumns } from './quantiles/trace.ts'

/**
 * Makes the quantile tables of a workload (lib/core/lengths.ts) from a trace, and says how far they are from it:
 *
 *     node scripts/quantiles.ts AzureLLMInferenceTrace_conv.csv
 *     node scripts/quantiles.ts --columns prompt,answer --points 41 mine.jsonl
 *     git show HEAD:trace.csv | node scripts/quantiles.ts -
 */
const USAGE =
  'usage: node scripts/quantiles.ts [--columns PROMPT,OUTPUT] [--points N] FILE (CSV or JSON lines; - for stdin)'

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    options: { columns: { type: 'string' }, points: { type: 'string', default: '33' } },
    allowPositionals: true,
  })
  const [file] = positionals
  if (file === undefined)
    throw new UserError({ code: 'no-trace', message: 'expected a trace file, found none', hint: USAGE })
  const trace = await text(file === '-' ? process.stdin : createReadStream(file))
  const columns = values.columns?.split(',') ?? knownColumns(trace)
  for (const [index, column] of columns.entries()) {
    const { counts, left } = countsOf(trace, column)
    const table = tableOf(counts, Number(values.points))
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

await main().catch((error: unknown) => {
  console.error(errorMessage(error))
  if (error instanceof UserError) console.error(error.hint)
  process.exitCode = 1
})
