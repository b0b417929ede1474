import { requireAllowed, requireServingPods } from '../../chaos/controller/safety.ts'
import { faults } from '../../chaos/faults/registry.gen.ts'
import type { RunPlan } from '../core/run-folder.ts'
import type { TargetOptions } from '../core/target.ts'
import type { SymptomMap } from '../prometheus/rules.ts'
import { type Connections, openConnections } from './connections.ts'
import { gatherFacts } from './facts.ts'
import { makePlan } from './plan.ts'
import { type Loaded, loadScenario } from './scenario-file.ts'

export interface Prepared extends Loaded {
  target: TargetOptions
  connections: Connections
  plan: RunPlan
  synthetic: string[]
  prometheusVersion: string
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
  const { synthetic, prometheusVersion, ...facts } = await gatherFacts(connections, target, symptoms)
  const plan = makePlan(loaded.scenario, { ...facts, target: { ...facts.target, replicas } })
  return { ...loaded, target, connections, plan, synthetic, prometheusVersion }
}

/** Reads the scenario with the faults and workloads that ship. */
export const readScenario = (path: string, workloads: string): Promise<Loaded> =>
  loadScenario(path, { faults, workloads })
