import type { Family, FamilyRecord } from './family.ts'
import { ENGINE_RECORDS } from './families/all.ts'
import { HTTP } from './families/http.ts'
import { standing } from './history.ts'
import { defaultEngine, isAtLeast, LAST_VERSION, previousMinor, V1_DEFAULT } from './version.ts'

export interface VllmVersion {
  version: string
  /** The value of `--show-hidden-metrics-for-version`, where it was given. */
  showHiddenFor: string | null
}

export const LATEST: VllmVersion = { version: LAST_VERSION, showHiddenFor: null }

/** The engine's families that this version exposes with nothing optional switched on but what `also` names. */
export const engineFamilies = (vllm: VllmVersion, also: readonly string[] = []): Family[] =>
  // The labels of vllm:cache_config_info are the configuration's: cache-config.ts.
  exposed(ENGINE_RECORDS, vllm, also).filter(({ name }) => name !== 'vllm:cache_config_info')

/** The front end's; none before 0.8.3. */
export const httpFamilies = (vllm: VllmVersion): Family[] => exposed(HTTP, vllm, [])

/**
 * Before 0.8.0 the front end is a process of its own that collects metrics from files: prometheus_client then exposes
 * neither `_created` series nor those of the Python process.
 */
export const isMultiprocess = (version: string): boolean => !isAtLeast(version, V1_DEFAULT)

/** Hidden families come back for exactly the minor version before this one. */
export const showsHidden = ({ version, showHiddenFor }: VllmVersion): boolean =>
  isAtLeast(version, V1_DEFAULT) && showHiddenFor === previousMinor(version)

// --- Internal helpers ---

const exposed = (records: readonly FamilyRecord[], vllm: VllmVersion, also: readonly string[]): Family[] => {
  const engine = defaultEngine(vllm.version)
  const withHidden = showsHidden(vllm)
  return records.flatMap((record) => {
    const found = standing(record, vllm.version, engine)
    if (found === null || found.state === 'removed') return []
    if (!found.unconditional && !also.includes(record.name)) return []
    return found.state === 'hidden' && !withHidden ? [] : [found.family]
  })
}
