import type { FamilyRecord } from '../family.ts'
import { CONNECTORS } from './connectors.ts'
import { COUNTERS } from './counters.ts'
import { EXPERIENCE } from './experience.ts'
import { HTTP } from './http.ts'
import { INFO } from './info.ts'
import { OPTIONAL } from './optional.ts'
import { PREFIX_CACHE } from './prefix-cache.ts'
import { SCHEDULER } from './scheduler.ts'
import { SIZES } from './sizes.ts'
import { UTILISATION } from './utilisation.ts'

/** What the engine writes, in the order in which 0.32.0 exposes it. */
export const ENGINE_RECORDS: readonly FamilyRecord[] = [
  ...UTILISATION,
  ...SCHEDULER,
  ...PREFIX_CACHE,
  ...COUNTERS,
  ...SIZES,
  ...EXPERIENCE,
  ...OPTIONAL,
  ...CONNECTORS,
  ...INFO,
]

/** Everything that vLLM exposed in any version from 0.6 on, but for the Python process's own families. */
export const ALL_RECORDS: readonly FamilyRecord[] = [...ENGINE_RECORDS, ...HTTP]
