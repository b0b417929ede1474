import { faults } from '../../chaos/faults/registry.gen.ts'
import { deriveSeed, seededRandom } from '../core/random.ts'
import type { Incident, IncidentInput } from '../simulate/incident.ts'
import type { SimulatedPrometheus } from '../simulate/prometheus/simulated-prometheus.ts'
import type { CampaignJob } from './simulate-campaign.ts'

const MINUTE = 60_000

/** One seed of a job, as a verdict alone needs it: whoever keeps its folder says more. */
export const incidentOf = (
  { scenario, workload, stack, symptoms, base }: CampaignJob,
  seed: number,
  prometheus: SimulatedPrometheus,
): Omit<IncidentInput, 'wanted'> => ({
  scenario,
  workload,
  stack,
  seed,
  symptoms,
  registry: faults,
  prometheus,
  startedAt: startOf(base, seed),
  versions: {},
  git: null,
  argv: [],
  detailed: false,
})

/** From the run's start to its end. */
export const simulatedMs = ({ info: { startedAt, endedAt } }: Incident): number => (endedAt ?? startedAt) - startedAt

// --- Internal helpers ---

/** When a seed's run starts: where in the intervals of scrapes and evaluations it falls is part of what a seed draws. */
const startOf = (base: number, seed: number): number =>
  base + Math.floor(seededRandom(deriveSeed(seed, 'start')).next() * MINUTE)
