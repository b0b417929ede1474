// How far the engine model is from a real vLLM, against the bounds that it has to keep:
//   npm run bench:engine [-- --only replay] [--json]
import { availableParallelism, cpus, loadavg, release } from 'node:os'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { renderTable } from '../lib/cli/table.ts'
import { errorMessage } from '../lib/core/errors.ts'
import { GROUPS } from './bench-engine/groups.ts'
import { type Line, notMeasured } from './bench-load/line.ts'

const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'boolean', default: false } } })
const names = values.only?.split(',') ?? Object.keys(GROUPS)
const unknown = names.filter((name) => !(name in GROUPS))
if (unknown.length > 0) {
  console.error(`expected --only with some of ${Object.keys(GROUPS).join(', ')}, found ${unknown.join(', ')}`)
  process.exit(64)
}

const [load = 0] = loadavg()
const machine = `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, Linux ${release()}; load average ${load.toFixed(2)}`
const began = performance.now()
const lines: Line[] = []
for (const name of names) {
  try {
    lines.push(...((await GROUPS[name]?.((text) => console.error(`… ${text}`))) ?? []))
  } catch (error) {
    lines.push(notMeasured(name, errorMessage(error)))
  }
}

const missed = lines.filter(({ state }) => state === 'miss')
const seconds = Math.round((performance.now() - began) / 1_000)
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
const summary = `${machine}\n\n${table}\n${missed.length} of ${lines.filter(({ state }) => state !== 'info').length} bounds missed, in ${seconds} s`
if (values.json) {
  console.error(summary)
  console.log(JSON.stringify({ machine, seconds, lines }, null, 2))
} else console.log(summary)
process.exit(missed.length > 0 ? 1 : 0)
