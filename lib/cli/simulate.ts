import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { faults } from '../../chaos/faults/registry.gen.ts'
import { shippedRules, userRules } from '../../chaos/rules/load.ts'
import { PROFILES, type StackProfile } from '../../stack/profiles.ts'
import { EXIT, type ExitCode } from '../core/errors.ts'
import type { Outcome } from '../core/verdict.ts'
import { alertsIn } from '../prometheus/rule-file.ts'
import { loadScenario } from '../run/scenario-file.ts'
import { requireSimulated } from '../simulate/faults/support.ts'
import { playIncident } from '../simulate/incident.ts'
import { startSimulatedPrometheus } from '../simulate/prometheus/simulated-prometheus.ts'
import { writeRunFolder } from '../simulate/run-folder.ts'
import { readStack } from '../simulate/stack.ts'
import { toolPath } from '../toolchain/tools.mjs'
import type { Context } from './context.ts'
import { judgeFolder, type VerdictFlags } from './judge-folder.ts'
import { requirePlayable, requireRunsWritable } from './preflight.ts'
import { ROOT } from './root.ts'
import { readSymptoms, WORKLOADS } from './run.ts'
import { exitCodeOf } from './score.ts'
import { type CampaignJob, runCampaign } from './simulate-campaign.ts'
import { incidentOf, simulatedMs } from './simulate-incident.ts'
import { campaignTable, totalsOf } from './simulate-table.ts'

export interface SimulateFlags extends VerdictFlags {
  seeds?: number
  jobs?: number
  seed?: number
  profile?: StackProfile['name']
  rules?: string[]
  symptoms?: string
  runs: string
}

const MINUTE = 60_000

/** Plays a scenario on simulated time: one run with its folder, or a campaign of many seeds with their verdicts alone. */
export const simulate = async (context: Context, path: string, flags: SimulateFlags): Promise<ExitCode> => {
  const { scenario, workload } = await loadScenario(path, { faults, workloads: WORKLOADS })
  requireSimulated(scenario, faults)
  const profile = PROFILES[flags.profile ?? 'fast']
  const rules = await rulesOf(flags, profile)
  const document = await readFile(join(ROOT, 'chaos/flags/flags.json'), 'utf8')
  const alerts = Object.values(rules).flatMap((text) => alertsIn(text).map(({ alert }) => alert))
  requirePlayable(scenario, { profile, rules, alerts, flags: document, engine: undefined })
  const job: CampaignJob = {
    scenario,
    workload,
    stack: readStack({ profile, rules, flags: document }),
    symptoms: flags.symptoms === undefined ? {} : await readSymptoms(flags.symptoms),
    base: Math.floor(Date.now() / MINUTE) * MINUTE,
  }
  const seed = flags.seed ?? scenario.seed
  return flags.seeds === undefined ? one(context, job, seed, flags) : many(context, job, seed, flags.seeds, flags)
}

// --- Internal helpers ---

const rulesOf = ({ rules }: SimulateFlags, { ruleFactor }: StackProfile): Promise<Record<string, string>> =>
  rules === undefined ? shippedRules(ruleFactor) : userRules(rules, { promtool: toolPath('promtool') })

const one = async (context: Context, job: CampaignJob, seed: number, flags: SimulateFlags): Promise<ExitCode> => {
  await requireRunsWritable(flags.runs)
  context.status('simulating')
  const began = performance.now()
  await using prometheus = startSimulatedPrometheus(toolPath('simulated-prometheus'))
  const incident = await playIncident({
    ...incidentOf(job, seed, prometheus),
    versions: await versions(),
    argv: context.argv,
    wanted: null,
    detailed: true,
  })
  const tookMs = performance.now() - began
  const dir = await writeRunFolder(flags.runs, job.scenario, incident)
  return exitCodeOf(await judgeFolder(context, dir, flags, speed(simulatedMs(incident), tookMs)))
}

const many = async (
  context: Context,
  job: CampaignJob,
  first: number,
  count: number,
  flags: SimulateFlags,
): Promise<ExitCode> => {
  const seeds = Array.from({ length: count }, (_, index) => first + index)
  const began = performance.now()
  const campaign = await runCampaign({
    job,
    seeds,
    jobs: flags.jobs ?? availableParallelism(),
    signal: context.signal,
    onProgress: (done) => context.status(`simulated ${done} of ${count} incidents`),
  })
  context.status('')
  const { lines, errors } = campaign
  for (const { seed, message } of errors) context.err(`seed ${seed} could not be played: ${message}\n`)
  if (flags.json === true) context.out(`${JSON.stringify({ ...totalsOf(campaign), lines, errors }, null, 2)}\n`)
  else context.out(campaignTable(campaign))
  context.err(`\n${speed(campaign.simulatedMs, performance.now() - began)}\n`)
  if (context.interrupted()) return EXIT.interrupted
  return EXIT[errors.length > 0 ? 'unknown' : worst(lines.map(({ outcome }) => outcome))]
}

const worst = (outcomes: readonly Outcome[]): Outcome => {
  if (outcomes.includes('fail')) return 'fail'
  return outcomes.includes('unknown') || outcomes.length === 0 ? 'unknown' : 'pass'
}

const speed = (ms: number, tookMs: number): string =>
  `simulated ${Math.round(ms / 1_000)} s in ${(tookMs / 1_000).toFixed(1)} s: ${Math.round(ms / tookMs)} times real time`

const versions = async (): Promise<Record<string, string>> => {
  const manifest: { version: string } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  return { firedrill: manifest.version, node: process.versions.node, prometheus: '3.15.0' }
}
