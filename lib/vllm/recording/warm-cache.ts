import type { Recording } from './recording.ts'

/**
 * A warning where the prefix cache held the prompts' beginnings before the first request: a replay begins with an empty
 * one. With an empty cache, whoever is admitted first finds nothing, and nobody finds more than the shared prefix; what
 * was counted beyond that had been computed before the recording.
 */
export const warmCache = (recording: Recording): string[] => {
  const { scrapes, config, requests, aborted, sharedPrefixTokens } = recording
  const first = scrapes[0]
  if (first === undefined || !config.enablePrefixCaching) return []
  const sent = [...requests, ...aborted].sort((a, b) => a.startMs - b.startMs)
  let [started, sum, least] = [0, 0, Number.POSITIVE_INFINITY]
  for (const [index, { atMs, prefixHits }] of scrapes.entries()) {
    // A scrape is answered some time after it was begun.
    const until = scrapes[index + 1]?.atMs ?? Number.POSITIVE_INFINITY
    for (let one = sent[started]; one !== undefined && one.startMs <= until; one = sent[++started]) {
      const findable = findableTokens(one, sharedPrefixTokens, config.blockSize)
      if (findable === 0) continue
      sum += findable
      least = Math.min(least, findable)
    }
    const most = sum === 0 ? 0 : sum - least
    const hits = prefixHits - first.prefixHits
    if (hits <= most) continue
    return [
      `the recording began with a warm prefix cache: ${hits} hit tokens by ${atMs / 1_000} s, where an empty one allows ` +
        `${most}. A replay begins with an empty one: record a server just started, or after POST /reset_prefix_cache`,
    ]
  }
  return []
}

// --- Internal helpers ---

/** Whole blocks of the shared prefix; the last token of a prompt is always computed. */
const findableTokens = (
  { index, promptTokens }: { index: number; promptTokens: number },
  sharedPrefixTokens: number,
  blockSize: number,
): number => {
  const shared = index % 3 === 0 ? 0 : Math.min(sharedPrefixTokens, promptTokens - 1)
  return Math.floor(shared / blockSize) * blockSize
}
