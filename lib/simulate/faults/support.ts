import { UserError } from '../../core/errors.ts'
import type { CapabilityName } from '../../core/capability.ts'
import type { AnyFault, FaultRegistry } from '../../core/fault.ts'
import type { Scenario } from '../../core/scenario.ts'
import { SIMULATED_NEEDS } from './kube.ts'

/** What the simulated target has an answer to (lib/simulate/fleet.ts, incident.ts). */
const SIMULATED_CAPABILITIES: ReadonlySet<CapabilityName> = new Set(['feature-flags', 'gpu-metrics', 'load-client'])

/** Throws `fault-not-simulated` with every step whose fault needs a hand that the simulated cluster does not have, or asks it what it cannot say. */
export const requireSimulated = (scenario: Scenario, registry: FaultRegistry): void => {
  const problems = Object.entries(scenario.timeline).flatMap(([step, { fault }]) => {
    const missing = registry[fault] === undefined ? [] : missingFor(registry[fault])
    return missing.length === 0 ? [] : [`✖ ${fault} needs ${missing.join(', ')}\n  → at timeline.${step}`]
  })
  if (problems.length === 0) return
  const able = Object.values(registry)
    .filter((fault) => missingFor(fault).length === 0)
    .map(({ name }) => name)
  throw new UserError({
    code: 'fault-not-simulated',
    message: `expected faults that are simulated (${able.join(', ')}), found:\n${problems.join('\n')}`,
    hint: 'run this scenario on a cluster: firedrill run',
  })
}

// --- Internal helpers ---

/** Of a list of capabilities any one is enough. */
const missingFor = ({ needs, requires }: AnyFault): string[] => [
  ...needs.filter((need) => !SIMULATED_NEEDS.has(need)),
  ...requires.flatMap((requirement) => {
    const names = typeof requirement === 'string' ? [requirement] : requirement
    return names.some((name) => SIMULATED_CAPABILITIES.has(name)) ? [] : [`a target with ${names.join(' or ')}`]
  }),
]
