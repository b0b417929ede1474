import type { Answer } from '../../lib/core/capability.ts'
import type { WorkloadFacts } from '../../lib/core/fault-kube/workload.ts'
import { optionOf } from './arguments.ts'

/** As many blocks, or else this share of today's. */
export interface Asked {
  blocks?: number | undefined
  share: number
}

export type Chosen = { ok: true; blocks: number; before: number | null } | { ok: false; reason: string }

/** Fewer blocks than today, and room for one request of the longest length: with less vLLM does not start. */
export const chooseBlocks = ({ blocks: asked, share }: Asked, cache: Cache, workload: WorkloadFacts): Chosen => {
  if (cache?.ok !== true) {
    if (asked !== undefined) return { ok: true, blocks: asked, before: null }
    return refuse(
      `${cache?.reason ?? 'expected vllm:cache_config_info, found that it was not asked for'}; or name params.blocks`,
    )
  }
  const longest = cache.maxModelLen ?? integer(optionOf(workload.args ?? [], '--max-model-len') ?? '')
  // One is vLLM's null block.
  const fewest = longest === null ? 1 : Math.ceil(longest / cache.blockSize) + 1
  const blocks = asked ?? Math.max(Math.ceil(cache.blocks * share), fewest)
  if (blocks < fewest) return refuse(`expected at least ${fewest} blocks for the longest request, found ${blocks}`)
  if (blocks >= cache.blocks) return refuse(`expected fewer blocks than the ${cache.blocks} of today, found ${blocks}`)
  return { ok: true, blocks, before: cache.blocks }
}

// --- Internal helpers ---

type Cache = Answer<'kv-cache'> | undefined

const refuse = (reason: string): Chosen => ({ ok: false, reason })

/** vLLM's short forms: `16k` is 16,000, `16K` is 16,384. */
const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1_000, K: 1_024, m: 1_000_000, M: 1_048_576 }

const integer = (text: string): number | null => {
  const [, digits, unit = ''] = /^(\d+)([kKmM]?)$/.exec(text) ?? []
  return digits === undefined ? null : Number(digits) * (UNITS[unit] ?? 1)
}
