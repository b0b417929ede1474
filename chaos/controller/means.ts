import type { Answers } from '../../lib/core/capability.ts'
import type { AnyFault } from '../../lib/core/fault.ts'

type Means = NonNullable<AnyFault['means']>

/** What it takes to use those of these means that the target has. */
export const needsOfMeans = (means: Means, can: Answers): string[] => [
  ...new Set(Object.entries(means).flatMap(([name, needs]) => (isThere(can, name) ? needs : []))),
]

/** What the target has, but for means that we may not use: they count as not there, so that the next one is taken. */
export const usable = (
  means: Means,
  can: Answers,
  { namespace, denied }: { namespace: string; denied: readonly string[] },
): Answers => {
  const unusable = Object.entries(means).flatMap(([name, needs]) => {
    const lacking = needs.filter((need) => denied.includes(need))
    if (!isThere(can, name) || lacking.length === 0) return []
    const reason = `expected the right to ${lacking.join(', ')} in ${namespace}, to use ${name}, found that RBAC does not give it`
    return [[name, { ok: false, reason }] as const]
  })
  return { ...can, ...Object.fromEntries(unusable) }
}

// --- Internal helpers ---

const isThere = (can: Answers, name: string): boolean =>
  Object.entries(can).some(([known, answer]) => known === name && answer.ok)
