import { availableParallelism, cpus, loadavg, release } from 'node:os'
import { parseArgs } from 'node:util'
import { renderTable } from '../../lib/cli/table.ts'
import { errorMessage } from '../../lib/core/errors.ts'
import { type Line, notMeasured } from './line.ts'

export interface BenchOptions<T> {
  /** What is measured, in this order; `--only` takes these names. */
  groups: Readonly<Record<string, (given: T) => Promise<Line[]>>>
  given: T
  /** Said of the load average at the start, right behind it. */
  remark?: (load: number) => string
  /** Ends the bench without a table. */
  signal?: AbortSignal
}

export const say = (text: string): void => console.error(`… ${text}`)

/** Measures the groups that the command line asks for and prints them: a table, or with `--json` the table aside. The exit code. */
export const runBench = async <T>({ groups, given, remark, signal }: BenchOptions<T>): Promise<number> => {
  const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'boolean', default: false } } })
  const names = values.only?.split(',') ?? Object.keys(groups)
  const unknown = names.filter((name) => !Object.hasOwn(groups, name))
  if (unknown.length > 0) {
    console.error(`expected --only with some of ${Object.keys(groups).join(', ')}, found ${unknown.join(', ')}`)
    return 64
  }
  const [loadAverage = 0] = loadavg()
  const machine = `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, Linux ${release()}`
  const began = performance.now()
  const lines: Line[] = []
  for (const name of names) {
    try {
      lines.push(...((await groups[name]?.(given)) ?? []))
    } catch (error) {
      if (signal?.aborted === true) return 130
      lines.push(notMeasured(name, errorMessage(error)))
    }
  }
  const seconds = Math.round((performance.now() - began) / 1_000)
  const missed = lines.filter(({ state }) => state === 'miss').length
  const bounds = lines.filter(({ state }) => state !== 'info').length
  const header = `${machine}; load average ${loadAverage.toFixed(2)} at the start${remark?.(loadAverage) ?? ''}`
  const summary = `${header}\n\n${tableOf(lines)}\n${missed} of ${bounds} bounds missed, in ${seconds} s`
  if (values.json) {
    console.error(summary)
    console.log(JSON.stringify({ machine, loadAverage, seconds, lines }, null, 2))
  } else console.log(summary)
  return missed > 0 ? 1 : 0
}

// --- Internal helpers ---

const tableOf = (lines: readonly Line[]): string =>
  renderTable([
    ['', 'WHAT', 'BOUND', 'MEASURED', ''],
    ...lines.map(({ group, what, bound, measured, state }, index) => [
      group === lines[index - 1]?.group ? '' : group,
      what,
      bound,
      measured,
      state === 'info' ? '' : state,
    ]),
  ])
