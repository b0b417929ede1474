import { FlagdCore } from '@openfeature/flagd-core'
import { DOWN_ANNOTATION, readOutage } from '../../lib/core/node-outage.ts'
import type { Lane } from './lane.ts'
import type { Snapshot } from './snapshot.ts'

/**
 * What a snapshot comes to right now: flags by what they give to users, no outages and rules that have expired, no Jobs that
 * have finished. A fault that carries its own end leaves its marks behind; this is whether they still do anything.
 */
export const inForce = async ({ kube, drill: { namespace } }: Lane, snapshot: Snapshot): Promise<Snapshot> => {
  const { items } = await kube.batch.listNamespacedJob({ namespace })
  const over = items.filter(({ status }) =>
    status?.conditions?.some(({ type, status: is }) => (type === 'Complete' || type === 'Failed') && is === 'True'),
  )
  const finished = new Set(over.map(({ metadata }) => `jobs.batch/${metadata?.name}`))
  return new Map(
    [...snapshot]
      .filter(([name]) => !finished.has(name) && !isSpent(name))
      .map(([name, value]) => [name, effect(value)]),
  )
}

// --- Internal helpers ---

/** A pod that has run to its end. */
const isSpent = (name: string): boolean => name.startsWith('pods like ') && /"phase":"(Succeeded|Failed)"/.test(name)

const effect = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.filter((item) => !hasExpired(item)).map(effect)
  if (!isRecord(value)) return value
  if (isRecord(value['flags'])) return evaluated({ flags: value['flags'] })
  const kept = Object.entries(value).filter(([key, inner]) => !(key === DOWN_ANNOTATION && isOver(inner)))
  return Object.fromEntries(kept.map(([key, inner]) => [key, effect(inner)]))
}

/** A rule of the gateway that carries its own end. */
const hasExpired = (item: unknown): boolean =>
  isRecord(item) && typeof item['expiresAt'] === 'number' && item['expiresAt'] <= Date.now()

const isOver = (annotation: unknown): boolean =>
  (readOutage({ [DOWN_ANNOTATION]: String(annotation) })?.until ?? 0) <= Date.now()

/** How many of a hundred users get which variant, flag by flag. */
const evaluated = (document: { flags: Record<string, unknown> }): Record<string, Record<string, number>> => {
  const core = new FlagdCore()
  core.setConfigurations(JSON.stringify(document))
  const counts: Record<string, Record<string, number>> = {}
  for (const flag of Object.keys(document.flags)) {
    const of: Record<string, number> = (counts[flag] = {})
    for (let user = 0; user < 100; user += 1) {
      const { variant = 'none' } = core.resolveObjectEvaluation(flag, {}, { targetingKey: `user-${user}` })
      of[variant] = (of[variant] ?? 0) + 1
    }
  }
  return counts
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
