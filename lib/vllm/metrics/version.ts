import { UserError } from '../../core/errors.ts'

/** A vLLM release as numbers, so that two compare: 0.10.1.1 is [0, 10, 1, 1], 0.8.5.post1 is [0, 8, 5, 1]. */
type Release = readonly [number, number, number, number]

/** The releases that the family tables know; patch releases of the last minor are taken to be like it. */
export const FIRST_VERSION = '0.6.0'
export const LAST_VERSION = '0.32.0'

/** As a message shows them. */
export const KNOWN_VERSIONS = `${FIRST_VERSION} to 0.32.x`

const WRITTEN = /^v?(\d+)\.(\d+)(?:\.(\d+))?(?:\.(?:post)?(\d+))?(?:(?:rc|a|b)\d+|\.dev\d+)?(?:\+[\w.]+)?$/

/** Negative where `a` is older than `b`. A candidate or a development build counts as the release it precedes. */
export const compareVersions = (a: string, b: string): number => {
  const [left, right] = [release(a), release(b)]
  for (const [index, part] of left.entries()) {
    const difference = part - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

export const isAtLeast = (version: string, since: string): boolean => compareVersions(version, since) >= 0

export const isKnownVersion = (text: string): boolean =>
  isAtLeast(text, FIRST_VERSION) && minorOf(text) <= minorOf(LAST_VERSION)

/** `v0.10.2`, `0.10.2` and `0.10` (its .0) as `0.10.2` and `0.10.0`; throws where the tables do not know it. */
export const knownVersion = (text: string): string => {
  if (isKnownVersion(text)) return text.replace(/^v/, '').replace(/^(\d+\.\d+)(?=$|\+)/, (minor) => `${minor}.0`)
  throw new UserError({
    code: 'vllm-version-unknown',
    message: `expected a vLLM version from ${KNOWN_VERSIONS}, found "${text}"`,
    hint: 'name a release between these, such as 0.10.2',
  })
}

/** What `--show-hidden-metrics-for-version` has to name: the minor before, and no other. */
export const previousMinor = (version: string): string => {
  const [major, minor] = release(version)
  return `${major}.${minor - 1}`
}

export type EngineGeneration = 'v0' | 'v1'

/** The engine that this version runs unless told otherwise (VLLM_USE_V1); the old one is gone in 0.11.0. */
export const defaultEngine = (version: string): EngineGeneration => (isAtLeast(version, V1_DEFAULT) ? 'v1' : 'v0')

export const V1_DEFAULT = '0.8.0'
export const V0_GONE = '0.11.0'
/** The release with `scheduler_reserve_full_isl`, and that it is on. */
export const RESERVES_FULL_PROMPT = '0.19.0'

// --- Internal helpers ---

const release = (text: string): Release => {
  const [, major, minor, patch, post] = WRITTEN.exec(text) ?? []
  return [Number(major ?? Number.NaN), Number(minor ?? Number.NaN), Number(patch ?? 0), Number(post ?? 0)]
}

const minorOf = (text: string): number => {
  const [major, minor] = release(text)
  return major * 1_000 + minor
}
