import { UserError } from '../../core/errors.ts'
import type { FaultRegistry } from '../../core/fault.ts'
import type { Scenario } from '../../core/scenario.ts'
import { SIMULATED_NEEDS } from './kube.ts'

/** Throws `fault-not-simulated` with every step whose fault needs a hand that the simulated cluster does not have. */
export const requireSimulated = (scenario: Scenario, registry: FaultRegistry): void => {
  const problems = Object.entries(scenario.timeline).flatMap(([step, { fault }]) => {
    const missing = (registry[fault]?.needs ?? []).filter((need) => !SIMULATED_NEEDS.has(need))
    return missing.length === 0 ? [] : [`✖ ${fault} needs ${missing.join(', ')}\n  → at timeline.${step}`]
  })
  if (problems.length === 0) return
  const able = Object.values(registry)
    .filter(({ needs }) => needs.every((need) => SIMULATED_NEEDS.has(need)))
    .map(({ name }) => name)
  throw new UserError({
    code: 'fault-not-simulated',
    message: `expected faults that are simulated (${able.join(', ')}), found:\n${problems.join('\n')}`,
    hint: 'run this scenario on a cluster: firedrill run',
  })
}
