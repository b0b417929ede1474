// What k6/x/llm measures wrong, and what it costs, against the bounds that it has to keep:
//   npm run bench:load [-- --only open-loop,closed-loop,cost,memory,poisson] [--json]
import { availableParallelism, cpus, loadavg, release } from 'node:os'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { renderTable } from '../lib/cli/table.ts'
import { errorMessage } from '../lib/core/errors.ts'
import { makeBench } from './bench-load/bench.ts'
import { GROUPS } from './bench-load/groups.ts'
import { type Line, notMeasured } from './bench-load/line.ts'

const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'boolean', default: false } } })
const names = values.only?.split(',') ?? Object.keys(GROUPS)
const unknown = names.filter((name) => !(name in GROUPS))
if (unknown.length > 0 || availableParallelism() < 2) {
  console.error(
    unknown.length > 0
      ? `expected --only with some of ${Object.keys(GROUPS).join(', ')}, found ${unknown.join(', ')}`
      : 'expected two cores, one for the client and one for the server, found one',
  )
  process.exit(64)
}

const abort = new AbortController()
process.once('SIGINT', () => abort.abort(new Error('interrupted')))

const [load = 0] = loadavg()
const machine = `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, Linux ${release()}`
const began = performance.now()
const bench = makeBench((text) => console.error(`… ${text}`), abort.signal)
const lines: Line[] = []
for (const name of names) {
  try {
    lines.push(...((await GROUPS[name]?.(bench)) ?? []))
  } catch (error) {
    if (abort.signal.aborted) process.exit(130)
    lines.push(notMeasured(name, errorMessage(error)))
  }
}

const missed = lines.filter(({ state }) => state === 'miss')
const seconds = Math.round((performance.now() - began) / 1_000)
const header = `${machine}; load average ${load.toFixed(2)} at the start${load > 0.5 ? ': BUSY, the figures are worse than the client is' : ''}`
const table = renderTable([
  ['', 'WHAT', 'BOUND', 'MEASURED', ''],
  ...lines.map(({ group, what, bound, measured, state }, index) => [
    group === lines[index - 1]?.group ? '' : group,
    what,
    bound,
    measured,
    state === 'info' ? '' : state,
  ]),
])
const summary = `${header}\n\n${table}\n${missed.length} of ${lines.filter(({ state }) => state !== 'info').length} bounds missed, in ${seconds} s`
if (values.json) {
  console.error(summary)
  console.log(JSON.stringify({ machine, loadAverage: load, seconds, lines }, null, 2))
} else console.log(summary)
process.exit(missed.length > 0 ? 1 : 0)
