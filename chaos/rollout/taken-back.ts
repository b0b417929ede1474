import { isDeepStrictEqual } from 'node:util'
import { WorkloadFields } from '../../lib/core/fault-kube/workload.ts'
import { optionOf, optionsOf, withOption, withoutOption } from './arguments.ts'

/**
 * The fields as they are to be once a change is taken back. Untouched since, they are exactly as before: the same pod template, so the same
 * ReplicaSet. Where somebody has changed a field meanwhile, theirs stays; within arguments, option by option, and within a probe, key by key,
 * so that a deploy on top of the fault neither keeps our value nor loses its own.
 */
export const takenBack = (before: WorkloadFields, after: WorkloadFields, now: WorkloadFields): WorkloadFields => {
  const entries = FIELDS.filter((field) => after[field] !== undefined).map((field) => [
    field,
    field === 'args'
      ? argsBack(before.args ?? null, after.args ?? null, now.args ?? null)
      : valueBack(before[field], after[field], now[field]),
  ])
  return WorkloadFields.parse(Object.fromEntries(entries))
}

/** Whether the fields that `expected` names have these values. */
export const agree = (expected: WorkloadFields, now: WorkloadFields): boolean =>
  FIELDS.every((field) => expected[field] === undefined || isDeepStrictEqual(expected[field], now[field]))

// --- Internal helpers ---

const FIELDS = ['replicas', 'image', 'args', 'startupProbe', 'readinessProbe'] as const

const argsBack = (before: string[] | null, after: string[] | null, now: string[] | null): string[] | null => {
  if (isDeepStrictEqual(now, after)) return before
  if (now === null || after === null) return now
  const known = before ?? []
  const ours = optionsOf([...known, ...after]).filter((option) => {
    const set = optionOf(after, option)
    return set !== optionOf(known, option) && set === optionOf(now, option)
  })
  return ours.reduce((args, option) => {
    const original = optionOf(known, option)
    return original === undefined ? withoutOption(args, option) : withOption(args, option, original)
  }, now)
}

const valueBack = (before: unknown, after: unknown, now: unknown): unknown => {
  if (isDeepStrictEqual(now, after)) return before
  if (!isRecord(before) || !isRecord(after) || !isRecord(now)) return now
  const keys = new Set([...Object.keys(before), ...Object.keys(now)])
  const entries = [...keys].map((key) => [key, valueBack(before[key], after[key], now[key])] as const)
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
