import { createHash } from 'node:crypto'
import type { EngineConfig } from '../../../lib/vllm/engine/types.ts'

/** `system_fingerprint`: vLLM's version and eight characters of a hash of its configuration. */
export const fingerprint = (version: string, config: EngineConfig): string =>
  `vllm-${version}-${createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, 8)}`
