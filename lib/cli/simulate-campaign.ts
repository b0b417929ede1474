import { faults } from '../../chaos/faults/registry.gen.ts'
import type { Scenario } from '../core/scenario.ts'
import { SIGNALS } from '../core/signal.ts'
import type { Symptom } from '../core/symptom.ts'
import type { Outcome, Verdict } from '../core/verdict.ts'
import type { Workload } from '../core/workload.ts'
import { alertsIn } from '../prometheus/rule-file.ts'
import { readExpression } from '../prometheus/promql.ts'
import type { SimulatedStack } from '../simulate/stack.ts'
import { startSimulationThread } from './simulation-thread.ts'

/** What every worker of a campaign is given. */
export interface CampaignJob {
  scenario: Scenario
  workload: Workload
  stack: SimulatedStack
  symptoms: Record<string, Symptom>
  /** A whole minute, in milliseconds since the epoch. */
  base: number
}

/** What is kept of one simulated incident. */
export interface IncidentLine {
  seed: number
  simulated: true
  outcome: Outcome
  reasons: string[]
  answers: Verdict['answers']
  /** Alerts that did anything, with what it was. */
  alerts: { step: string | null; alert: string; class: string; firedAfterMs: number | null }[]
}

export type WorkerMessage =
  | { kind: 'ready' }
  | { kind: 'line'; line: IncidentLine; simulatedMs: number }
  | { kind: 'error'; seed: number; message: string }

export interface Campaign {
  lines: IncidentLine[]
  /** Of all incidents together. */
  simulatedMs: number
  /** Seeds that could not be played. */
  errors: { seed: number; message: string }[]
}

/** Metrics that a verdict can depend on: those of the rules, of the faults' own checks, of conditions, and of the load. */
export const wantedMetrics = ({ stack, scenario }: CampaignJob): ((metric: string) => boolean) => {
  const exprs = Object.values(stack.rules).flatMap((text) => alertsIn(text).map(({ expr }) => expr))
  const { stopWhen } = scenario.safety
  const asked = [...(stopWhen === undefined ? [] : [stopWhen]), ...askedByTimeline(scenario)]
  const wanted = new Set([...exprs, ...asked].flatMap(metricsOf))
  for (const name of OWN) wanted.add(name)
  return (metric) => wanted.has(metric)
}

export const incidentLine = (seed: number, { outcome, reasons, answers, lines }: Verdict): IncidentLine => ({
  seed,
  simulated: true,
  outcome,
  reasons,
  answers,
  alerts: lines.flatMap(({ step, alert, class: judged, seen, injectedAt }) =>
    judged === 'quiet'
      ? []
      : [
          {
            step,
            alert,
            class: judged,
            firedAfterMs: seen?.firedAt == null || injectedAt === null ? null : seen.firedAt - injectedAt,
          },
        ],
  ),
})

export interface CampaignOptions {
  job: CampaignJob
  seeds: readonly number[]
  jobs: number
  signal: AbortSignal
  onProgress(done: number): void
}

/** Plays every seed, on so many threads; lines come in the order of the seeds. */
export const runCampaign = async ({ job, seeds, jobs, signal, onProgress }: CampaignOptions): Promise<Campaign> => {
  const campaign: Campaign = { lines: [], simulatedMs: 0, errors: [] }
  let next = 0
  let done = 0
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = startSimulationThread(new URL('./simulate-worker.ts', import.meta.url), job)
      const give = (): void => worker.postMessage(signal.aborted ? null : (seeds[next++] ?? null))
      worker.on('message', (message: WorkerMessage) => {
        if (message.kind === 'line') {
          campaign.lines.push(message.line)
          campaign.simulatedMs += message.simulatedMs
        } else if (message.kind === 'error') campaign.errors.push({ seed: message.seed, message: message.message })
        if (message.kind !== 'ready') onProgress(++done)
        give()
      })
      worker.on('error', reject)
      worker.on('exit', () => resolve())
    })
  await Promise.all(Array.from({ length: Math.min(jobs, seeds.length) }, work))
  campaign.lines.sort((a, b) => a.seed - b.seed)
  return campaign
}

// --- Internal helpers ---

/** Faults of the load show by signals. */
const askedByTimeline = ({ timeline }: Scenario): string[] =>
  Object.values(timeline).flatMap(({ fault, when }) => [
    ...(when.kind === 'when' ? [when.promql] : []),
    ...(faults[fault]?.traffic === undefined
      ? []
      : Object.values(SIGNALS).map(({ promql }) => promql({ namespace: '', container: '' }))),
  ])

/** Read by the faults' own checks, by scoring, or both. */
const OWN = [
  'up',
  'k6_vus',
  'gateway_flag_evaluations_total',
  'gateway_requests_total',
  'DCGM_FI_DEV_FB_FREE',
  'DCGM_FI_DEV_FB_USED',
]

const metricsOf = (expr: string): string[] => readExpression(expr).allMetrics
