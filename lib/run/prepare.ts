import { requireAllowed, requireServingPods } from '../../chaos/controller/safety.ts'
import { faults } from '../../chaos/faults/registry.gen.ts'
import { servingState } from '../../chaos/controller/serving.ts'
import { snapshotTarget } from '../../chaos/controller/snapshot.ts'
import { UserError } from '../core/errors.ts'
import type { TargetSnapshot } from '../core/fault.ts'
import { fitWorkload } from '../core/fit-workload.ts'
import type { RunPlan } from '../core/run-folder.ts'
import { scaleWarning } from '../core/scale.ts'
import type { Scenario } from '../core/scenario.ts'
import type { TargetOptions } from '../core/target.ts'
import type { SymptomMap } from '../prometheus/rules.ts'
import { requireAnswerable } from './conditions.ts'
import { type Connections, openConnections } from './connections.ts'
import { refusedSteps } from './dry-plan.ts'
import { gatherFacts } from './facts.ts'
import { makePlan } from './plan.ts'
import { type Loaded, loadScenario } from './scenario-file.ts'

export interface Prepared extends Loaded {
  target: TargetOptions
  connections: Connections
  plan: RunPlan
  synthetic: string[]
  /** Of what runs on the target, by name. */
  targetVersions: Record<string, string>
}

export interface PrepareInput {
  loaded: Loaded
  target: TargetOptions
  symptoms: SymptomMap
}

/** Everything that can be found wrong before anything is touched. */
export const prepare = async ({ loaded, target, symptoms }: PrepareInput): Promise<Prepared> => {
  const connections = openConnections(target)
  await requireAllowed(connections.kube, target.namespace)
  const replicas = await requireServingPods(connections.kube, target.namespace, target.selector)
  const { synthetic, targetVersions, maxModelLen, ...facts } = await gatherFacts(connections, target, symptoms)
  const fit = fitLengths(loaded, maxModelLen)
  const planned = makePlan(loaded.scenario, { ...facts, target: { ...facts.target, replicas } }, faults)
  const plan =
    fit.scale === undefined ? planned : { ...planned, warnings: [scaleWarning(fit.scale), ...planned.warnings] }
  await requireAnswerable(loaded.scenario, connections.prometheus, target.prometheus)
  requirePossible(loaded.scenario, await snapshot(loaded.scenario, connections, target))
  return { ...fit, target, connections, plan, synthetic, targetVersions }
}

/** Reads the scenario with the faults and workloads that ship. */
export const readScenario = (path: string, workloads: string): Promise<Loaded> =>
  loadScenario(path, { faults, workloads })

/** Throws `fault-impossible` with every step that the target, whole as it is, could not play. */
export const requirePossible = (scenario: Scenario, target: TargetSnapshot): void => {
  const refused = refusedSteps(scenario, faults, target)
  if (refused.length === 0) return
  throw new UserError({
    code: 'fault-impossible',
    message: `expected faults that can be injected in ${target.namespace}, found:\n${refused.join('\n')}`,
    hint: 'mend those steps of the scenario; `firedrill list faults` shows what there is, docs/faults.md their parameters',
  })
}

// --- Internal helpers ---

/** A scaled run is made to fit: prompts and answers too, where the model says how much it takes. */
const fitLengths = (loaded: Loaded, maxModelLen: number | null): Loaded => {
  if (loaded.scale === undefined || maxModelLen === null) return loaded
  const { workload, factor } = fitWorkload(loaded.workload, maxModelLen)
  return { ...loaded, workload, scale: { ...loaded.scale, lengths: factor } }
}

const snapshot = async (
  scenario: Scenario,
  { kube, prometheus }: Connections,
  { namespace, selector }: TargetOptions,
): Promise<TargetSnapshot> => {
  const { pods } = await servingState(kube, namespace, selector)
  const observe = { query: (promql: string) => prometheus.query(promql) }
  const asked = Object.values(scenario.timeline).flatMap(({ fault }) => faults[fault] ?? [])
  return snapshotTarget(
    { kube, namespace, selector, pods, observe, run: scenario.name },
    { requires: asked.flatMap(({ requires }) => requires), asks: asked.flatMap(({ asks = [] }) => asks) },
  )
}
