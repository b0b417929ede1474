import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { faults } from '../../../chaos/faults/registry.gen.ts'
import { shippedRules } from '../../../chaos/rules/load.ts'
import { PROFILES } from '../../../stack/profiles.ts'
import { readExpression } from '../../prometheus/promql.ts'
import { alertsIn } from '../../prometheus/rule-file.ts'
import { loadScenario } from '../../run/scenario-file.ts'
import { toolPath } from '../../toolchain/tools.mjs'
import type { IncidentInput } from '../incident.ts'
import { startSimulatedPrometheus } from '../prometheus/simulated-prometheus.ts'
import { readStack } from '../stack.ts'

const ROOT = join(import.meta.dirname, '../../..')

/** A scenario that ships, on the stack that ships, with a simulated Prometheus that the caller ends. */
export const shippedIncident = async (scenario: string, seed: number): Promise<IncidentInput> => {
  const profile = PROFILES.fast
  const rules = await shippedRules(profile.ruleFactor)
  const flags = await readFile(join(ROOT, 'chaos/flags/flags.json'), 'utf8')
  const workloads = join(ROOT, 'scenarios/workloads')
  const loaded = await loadScenario(join(ROOT, 'scenarios', scenario), { faults, workloads })
  return {
    ...loaded,
    stack: readStack({ profile, rules, flags }),
    seed,
    registry: faults,
    symptoms: {},
    prometheus: startSimulatedPrometheus(toolPath('simulated-prometheus')),
    startedAt: 1_800_000_000_000 + seed * 777,
    versions: {},
    git: null,
    argv: [],
    wanted: null,
    detailed: false,
  }
}

/** Metrics that the rules read. */
export const readByRules = (rules: Readonly<Record<string, string>>): ReadonlySet<string> =>
  new Set(Object.values(rules).flatMap((text) => alertsIn(text).flatMap(({ expr }) => readExpression(expr).allMetrics)))
