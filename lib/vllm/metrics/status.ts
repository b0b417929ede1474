import { ALL_RECORDS } from './families/all.ts'
import type { Family, FamilyRecord } from './family.ts'
import { addedIn, standing } from './history.ts'
import { defaultEngine, type EngineGeneration, previousMinor } from './version.ts'

/** What a vLLM version makes of a family's name. */
export type FamilyStatus =
  /** No version has it. */
  | { status: 'unknown' }
  /** Only later ones do. */
  | { status: 'later'; added: string }
  | ({ status: 'current' } & Known)
  | ({ status: 'deprecated'; since: string; removedIn: string | null } & Known)
  /** Exposed only with `--show-hidden-metrics-for-version` of exactly `showWith`. */
  | ({ status: 'hidden'; since: string; showWith: string; removedIn: string | null } & Known)
  | { status: 'removed'; in: string; use: string | null; family: Family }

export interface Known {
  family: Family
  /** What replaces it, in PromQL. */
  use: string | null
  /** What has to be configured for it to be exposed; null where nothing has. */
  requires: string | null
}

export const familyStatus = (
  name: string,
  version: string,
  engine: EngineGeneration = defaultEngine(version),
): FamilyStatus => {
  const record = BY_NAME.get(name)
  if (record === undefined) return { status: 'unknown' }
  const found = standing(record, version, engine)
  if (found === null) return { status: 'later', added: addedIn(record) }
  const { state, since, removedIn, family, unconditional } = found
  const use = record.use ?? null
  const known = { family, use, requires: unconditional ? null : (record.requires ?? NEVER) }
  switch (state) {
    case 'current':
      return { status: 'current', ...known }
    case 'deprecated':
      return { status: 'deprecated', since, removedIn, ...known }
    case 'hidden':
      return { status: 'hidden', since, removedIn, showWith: previousMinor(version), ...known }
    case 'removed':
      return { status: 'removed', in: since, use, family }
  }
}

/** A series name taken apart: which family, and which of its series. */
export type SeriesName =
  | { family: string; part: 'value' | 'bucket' | 'sum' | 'count' | 'created' }
  /** No version exposes this name, but what was meant is plain. */
  | { mistake: 'no-total' | 'underscore' | 'no-histogram-suffix'; meant: string }
  | null

/**
 * Reads a name as a rule writes it. vLLM's code declares `vllm:num_preemptions`, the page says `…_total`; a histogram
 * has no series of its plain name; `vllm_…` exists behind Ray or a relabelling only.
 */
export const seriesName = (name: string): SeriesName => {
  const exact = exactSeries(name)
  if (exact !== null) return exact
  if (BY_NAME.has(`${name}_total`)) return { mistake: 'no-total', meant: intended(`${name}_total`) }
  if (BY_NAME.has(name)) return { mistake: 'no-histogram-suffix', meant: `${name}_bucket` }
  const colon = name.replace(/^vllm_/, 'vllm:')
  return colon !== name && seriesName(colon) !== null ? { mistake: 'underscore', meant: intended(colon) } : null
}

/** All that is known of every family, for tables and tests. */
export const familyRecords = (): readonly FamilyRecord[] => ALL_RECORDS

// --- Internal helpers ---

const BY_NAME: ReadonlyMap<string, FamilyRecord> = new Map(ALL_RECORDS.map((record) => [record.name, record]))

const NEVER = 'nothing: it is declared and never written'

const exactSeries = (name: string): SeriesName => {
  const record = BY_NAME.get(name)
  if (record?.type === 'counter' || record?.type === 'gauge') return { family: name, part: 'value' }
  for (const part of ['bucket', 'sum', 'count', 'created'] as const) {
    if (!name.endsWith(`_${part}`)) continue
    const base = name.slice(0, -part.length - 1)
    // A counter's creation time drops the `_total`.
    const family = BY_NAME.get(base) ?? (part === 'created' ? BY_NAME.get(`${base}_total`) : undefined)
    if (family !== undefined && hasPart(family, part)) return { family: family.name, part }
  }
  return null
}

const hasPart = ({ type }: FamilyRecord, part: 'bucket' | 'sum' | 'count' | 'created'): boolean => {
  if (part === 'bucket') return type === 'histogram'
  return part === 'created' ? type !== 'gauge' : type === 'histogram' || type === 'summary'
}

const intended = (name: string): string => {
  const found = seriesName(name)
  return found !== null && 'meant' in found ? found.meant : name
}
