import { isKnown, missing } from '../core/capability.ts'
import type { FaultRegistry, TargetSnapshot } from '../core/fault.ts'
import { seededRandom } from '../core/random.ts'
import type { Scenario } from '../core/scenario.ts'

/**
 * Plans every step on the target as it is while nothing is broken, and tells which of them would be refused, and where
 * they stand in the scenario. Planning touches nothing.
 */
export const refusedSteps = (scenario: Scenario, faults: FaultRegistry, target: TargetSnapshot): string[] =>
  Object.entries(scenario.timeline).flatMap(([name, step]) => {
    const definition = faults[step.fault]
    const params = definition?.params.safeParse(step.params)
    // Both were told when the file was read.
    if (definition === undefined || params?.success !== true) return []
    const unmet = missing(definition.requires, target.can)
    if (unmet !== null) return [`✖ ${unmet}\n  → at timeline.${name}`]
    // Before anything runs, what only a running target can tell is not known.
    if (!isKnown(definition.requires, target.can)) return []
    const planned = definition.plan({
      params: params.data,
      target,
      random: seededRandom(scenario.seed),
      id: `fault-${name}`,
      now: 0,
      durationMs: step.lasting,
    })
    if (!planned.ok) return [`✖ ${planned.reason}\n  → at timeline.${name}`]
    const { maxUnavailable } = scenario.safety
    if (planned.unavailable <= maxUnavailable) return []
    return [
      `✖ expected at most ${maxUnavailable} serving pods to be taken away (safety.maxUnavailable), found ${planned.unavailable}\n  → at timeline.${name}`,
    ]
  })
