import { defaultEngine, isAtLeast } from './version.ts'

/** Where the same family means something else in another version; read in vLLM's source. */
export interface ValueRules {
  /** Prefix-cache counters count full blocks (before 0.9.0), tokens afterwards. */
  prefixCacheInBlocks: boolean
  /** V1 before 0.10.2 divided by all blocks, the null block included: an idle engine shows 1/N. */
  usageOfAllBlocks: boolean
  /** Before 0.23.0 a step's tokens include those of its prompts that the prefix cache supplied. */
  iterationCountsCached: boolean
  /** 0.16 to 0.19: a prompt whose last token alone was computed counts as a full hit, and that token as recomputed. */
  lastTokenRecomputed: boolean
}

export const valueRules = (version: string): ValueRules => {
  const v1 = defaultEngine(version) === 'v1'
  return {
    prefixCacheInBlocks: v1 && !isAtLeast(version, '0.9.0'),
    usageOfAllBlocks: v1 && !isAtLeast(version, '0.10.2'),
    iterationCountsCached: !isAtLeast(version, '0.23.0'),
    lastTokenRecomputed: isAtLeast(version, '0.16.0') && !isAtLeast(version, '0.20.0'),
  }
}

/** `1 − free/N` from `1 − free/(N−1)`, N counting the null block. */
export const usageOfAllBlocks = (usage: number, numGpuBlocks: number): number => {
  const free = Math.round((1 - usage) * (numGpuBlocks - 1))
  return 1 - free / numGpuBlocks
}
