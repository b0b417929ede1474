import type { BucketSeries } from './buckets.ts'

export type FamilyType = 'counter' | 'gauge' | 'histogram' | 'summary'

/** What one unit of a sample is; of a histogram or summary, of its sum. `fraction` is 0 to 1, whatever the name says. */
export type Unit =
  | 'fraction'
  | 'seconds'
  | 'milliseconds'
  | 'seconds/MiB'
  | 'timestamp'
  | 'requests'
  | 'tokens'
  | 'tokens/s'
  | 'blocks'
  | 'bytes'
  | 'operations'
  | 'items'
  | 'count'
  | 'state'
  | 'info'

/** One metric family as a given vLLM exposes it. */
export interface Family {
  /** As exposed: counters end in `_total`, also where the Python code leaves that out. */
  name: string
  type: FamilyType
  help: string
  unit: Unit
  /** Sorted, as prometheus_client writes them; without `le`. */
  labels: readonly string[]
  buckets?: BucketSeries
  /** Label values that exist from the start, for labels beside those of the engine. */
  values?: Readonly<Record<string, readonly string[]>>
}

/** A family over the versions: data, read in vLLM's source. */
export interface FamilyRecord {
  name: string
  type: FamilyType
  unit: Unit
  /** Beside the labels that nearly every family has (`baseLabels`). */
  labels?: readonly string[]
  /** `labels` are all it has. */
  ownLabels?: boolean
  /** What has to be configured for the family to be there at all; the emulator leaves such families out. */
  requires?: string
  /** Declared but never written, so that no series is ever exposed. */
  neverWritten?: true
  /** What to use instead, in PromQL, where it is deprecated, hidden or removed. */
  use?: string
  /** Under the old engine, which versions before 0.8.0 run and 0.8.0 to 0.10.2 offer. */
  v0?: readonly Change[]
  /** Under the V1 engine, from 0.8.0 on. */
  v1?: readonly Change[]
}

/** What holds from a version on, until the next change; what is left out stays as it was. */
export interface Change {
  since: string
  /** `current` at first. */
  state?: 'current' | 'deprecated' | 'hidden' | 'removed'
  help?: string
  unit?: Unit
  buckets?: BucketSeries
  values?: Readonly<Record<string, readonly string[]>>
  /** There even without what the family `requires`. */
  always?: boolean
  /** Not read in that release's source: taken from the date of the change between its neighbours. */
  source?: '~'
}
