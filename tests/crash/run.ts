/**
 * `npm run test:crash`: kills the controller with SIGKILL before and after each of its writes in the life of every fault, lets
 * another process end the fault, and compares the cluster with what it was. Ends with `N passed, N failed`.
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { seededRandom } from '../../lib/core/random.ts'
import { cases } from './cases.ts'
import { crashFault } from './crash-fault.ts'
import { openLane } from './lane.ts'
import { startPool } from './processes.ts'

const LANES = 2
const { values } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    fault: { type: 'string', multiple: true },
    /** So many kill points, drawn by the seed; with --all, every one of every example. */
    points: { type: 'string', default: '300' },
    seed: { type: 'string', default: '1' },
  },
})
const seed = Number(values.seed)
const queue = cases({ all: values.all, only: values.fault })
const share = values.all ? Infinity : Math.max(4, Math.floor(Number(values.points) / queue.length))
const onProgress = (line: string): void => void process.stderr.write(`${line}\n`)
const started = performance.now()
const total = { points: 0, passed: 0, failed: 0 }

await using running = new AsyncDisposableStack()
const pool = running.use(startPool({ size: 2 * LANES }))
const lanes = await Promise.all(
  Array.from({ length: Math.min(LANES, queue.length) }, async () => running.use(await openLane(pool))),
)
await Promise.all(
  lanes.map(async (lane) => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { text, points, passed, failed } = await crashFault(lane, next, {
        seed,
        share,
        random: seededRandom(seed),
        onProgress,
      })
      process.stdout.write(`${text}\n`)
      total.points += points
      total.passed += passed
      total.failed += failed
    }
  }),
)
const minutes = ((performance.now() - started) / 60_000).toFixed(1)
process.stdout.write(`${total.points} kill points in ${minutes} min\n`)
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`)
process.exitCode = total.failed > 0 ? 1 : 0
