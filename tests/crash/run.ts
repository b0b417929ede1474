/**
 * `npm run test:crash`: kills the controller with SIGKILL before and after each of its writes in the life of every fault, lets
 * another process end the fault, and compares the cluster with what it was; then lets others die. Ends with `N passed, N failed`.
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { seededRandom } from '../../lib/core/random.ts'
import { cases } from './cases.ts'
import { LEAST_POINTS, tooFew } from './counts.ts'
import { crashFault } from './crash-fault.ts'
import { drawDeaths, survive } from './death-run.ts'
import { type Lane, openLane } from './lane.ts'
import { startPool } from './processes.ts'
import { type DeathRow, deathTable } from './table.ts'

const LANES = 2

const { values } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    fault: { type: 'string', multiple: true },
    /** So many kill points, drawn by the seed; with --all, every one of every example. */
    points: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    'only-deaths': { type: 'boolean', default: false },
    'no-deaths': { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed)
const asked = cases({ all: values.all, only: values.fault })
const share = values.all ? Infinity : Math.max(1, Math.floor(Number(values.points) / asked.length))
const started = performance.now()
const total = { points: 0, passed: 0, failed: 0, notReached: 0 }
const deathRows: DeathRow[] = []
const onProgress = (line: string): void => void process.stderr.write(`${line}\n`)

type Task = (lane: Lane) => Promise<void>
const killing = asked.map((fault, index): Task => async (lane) => {
  const report = await crashFault(lane, fault, { seed, share, random: seededRandom(seed + 1_000 * index), onProgress })
  process.stdout.write(`${report.text}\n`)
  total.points += report.points
  total.passed += report.passed
  total.failed += report.failed
  total.notReached += report.notReached
})
const dying = drawDeaths(cases({ all: false, only: values.fault }), {
  all: values.all,
  random: seededRandom(seed),
}).map((pair): Task => async (lane) => {
  const row = await survive(lane, pair)
  onProgress(`${row.death}, ${row.fault}: ${row.problems.join('; ') || 'nothing left'}`)
  deathRows.push(row)
  if (row.problems.length > 0) total.failed += 1
  else if (!row.nothingToUndo) total.passed += 1
})
const tasks = [...(values['only-deaths'] ? [] : killing), ...(values['no-deaths'] ? [] : dying)]

await using running = new AsyncDisposableStack()
const pool = running.use(startPool({ size: 2 * LANES }))
const lanes: Lane[] = []
// One after the other: a control plane takes a processor while it starts.
while (lanes.length < Math.min(LANES, tasks.length)) lanes.push(running.use(await openLane(pool)))
await Promise.all(
  lanes.map(async (lane) => {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) await task(lane)
  }),
)
if (deathRows.length > 0) process.stdout.write(`${deathTable(deathRows)}\n`)
const minutes = ((performance.now() - started) / 60_000).toFixed(1)
const vacuous = deathRows.filter(({ problems, nothingToUndo }) => problems.length === 0 && nothingToUndo).length
process.stdout.write(
  `${total.points} kill points, ${total.notReached} not reached; ${deathRows.length} other deaths, ` +
    `${vacuous} with nothing to undo; ${minutes} min\n`,
)
const whole =
  values.fault === undefined && !values['only-deaths'] && (values.all || Number(values.points) >= LEAST_POINTS)
const few = whole ? tooFew(total.points) : null
if (few !== null) {
  total.failed += 1
  process.stdout.write(`${few}\n`)
}
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`)
process.exitCode = total.failed > 0 ? 1 : 0
