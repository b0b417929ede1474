import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { parentPort, workerData } from 'node:worker_threads'
import { wantedMetrics } from '../../lib/cli/simulate-campaign.ts'
import { judgeIncident } from '../../lib/cli/simulate-verdict.ts'
import { playIncident } from '../../lib/simulate/incident.ts'
import { shippedIncident } from '../../lib/simulate/testing/play.ts'
import type { Run } from './simulate.ts'

/** Plays as many seeds as it is told, as a campaign's worker does, and answers with what each cost. */
const CLOCK_TICK_MS = 10

const own = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}
const prometheusCpu = async (pid: number | undefined): Promise<number> => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8')
  // Behind the name, which may hold anything: state is the third field, user and system time the 14th and 15th.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_MS
}

const input = await shippedIncident('quick.ts', 1)
const { scenario, workload, stack, prometheus, symptoms, startedAt: base } = input
const wanted = wantedMetrics({ scenario, workload, stack, symptoms: {}, base })
const runs: Run[] = []
for (let seed = 1; seed <= Number(workerData); seed++) {
  const before = { own: own(), prometheus: await prometheusCpu(prometheus.pid) }
  const incident = await playIncident({ ...input, seed, symptoms, wanted })
  const played = own()
  await judgeIncident(scenario, incident)
  const { startedAt, endedAt } = incident.info
  runs.push({
    simulatedMs: (endedAt ?? startedAt) - startedAt,
    playMs: played - before.own,
    judgeMs: own() - played,
    prometheusMs: (await prometheusCpu(prometheus.pid)) - before.prometheus,
  })
}
await prometheus[Symbol.asyncDispose]()
parentPort?.postMessage(runs)
