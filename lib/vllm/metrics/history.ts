import type { Change, Family, FamilyRecord } from './family.ts'
import { compareVersions, type EngineGeneration, isAtLeast, V0_GONE, V1_DEFAULT } from './version.ts'

export type FamilyState = 'current' | 'deprecated' | 'hidden' | 'removed'

/** A family as it stands in one version, with the versions that a reader of its history wants. */
export interface Standing {
  state: FamilyState
  /** Where it came to be in this state. */
  since: string
  /** Where it was, or will be, removed; null while no known version does so. */
  removedIn: string | null
  family: Family
  /** There with no configuration at all. */
  unconditional: boolean
}

/** Null before the first version that has it. Under `v1` a family of the old engine alone is removed in 0.8.0. */
export const standing = (record: FamilyRecord, version: string, engine: EngineGeneration): Standing | null => {
  const changes = record[engine] ?? []
  const [first] = changes
  if (first === undefined) return removedWithItsEngine(record, version, engine)
  if (!isAtLeast(version, first.since)) return null
  const past = changes.filter(({ since }) => isAtLeast(version, since))
  const state = latest(past, 'state') ?? 'current'
  const removal = changes.find((change) => change.state === 'removed')
  const { name, type } = record
  const help = latest(past, 'help') ?? ''
  const buckets = latest(past, 'buckets')
  const values = latest(past, 'values')
  return {
    state,
    since: past.findLast((change) => change.state === state)?.since ?? first.since,
    removedIn: removal?.since ?? (engine === 'v0' ? V0_GONE : null),
    family: {
      name,
      type,
      help,
      unit: latest(past, 'unit') ?? record.unit,
      labels: labelsAt(record, version, engine),
      ...(buckets === undefined ? {} : { buckets }),
      ...(values === undefined ? {} : { values }),
    },
    unconditional: record.neverWritten !== true && (record.requires === undefined || latest(past, 'always') === true),
  }
}

/** The version in which a family was first there, by default under either engine. */
export const addedIn = ({ v0, v1 }: FamilyRecord): string =>
  [v0?.[0]?.since, v1?.[0]?.since].filter((since) => since !== undefined).sort(compareVersions)[0] ?? V1_DEFAULT

// --- Internal helpers ---

/** Labels that nearly every family has; `engine` is the data-parallel rank. */
const baseLabels = (version: string, engine: EngineGeneration): readonly string[] =>
  engine === 'v1' && isAtLeast(version, '0.8.3') ? ['engine', 'model_name'] : ['model_name']

const labelsAt = (
  { labels = [], ownLabels = false }: FamilyRecord,
  version: string,
  engine: EngineGeneration,
): readonly string[] => (ownLabels ? labels : [...baseLabels(version, engine), ...labels].sort())

const latest = <Key extends keyof Change>(changes: readonly Change[], key: Key): Change[Key] | undefined =>
  changes.findLast((change) => change[key] !== undefined)?.[key]

const removedWithItsEngine = (record: FamilyRecord, version: string, engine: EngineGeneration): Standing | null => {
  if (engine === 'v0' || record.v0 === undefined) return null
  const last = standing(record, version, 'v0')
  if (last === null) return null
  const own = record.v0.find((change) => change.state === 'removed')?.since ?? V1_DEFAULT
  const removedIn = compareVersions(own, V1_DEFAULT) < 0 ? own : V1_DEFAULT
  return { ...last, state: 'removed', since: removedIn, removedIn }
}
