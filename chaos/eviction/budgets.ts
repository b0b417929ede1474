import type { CapabilityFacts } from '../../lib/core/capability.ts'

type Budget = CapabilityFacts['eviction']['budgets'][number]

/** Why the disruption budgets would not let all of these pods go at once, or null. A budget cannot tell what it allows later. */
export const refusedBy = (budgets: readonly Budget[], victims: readonly string[]): string | null => {
  for (const pod of victims) {
    const names = budgets.filter(({ pods }) => pods.includes(pod)).map(({ name }) => name)
    if (names.length > 1)
      return `expected at most one disruption budget over ${pod}, found ${names.join(' and ')}: the Eviction API refuses such pods`
  }
  for (const { name, allowed, pods } of budgets) {
    const asked = victims.filter((pod) => pods.includes(pod)).length
    if (asked > allowed)
      return `expected the disruption budget ${name} to allow ${asked} evictions, found ${allowed}: it protects ${victims.filter((pod) => pods.includes(pod)).join(', ')}`
  }
  return null
}
