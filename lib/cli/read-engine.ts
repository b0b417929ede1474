import type { RealEngine } from '../../stack/embedded.ts'
import type { Capacity } from '../core/scale.ts'

/** What `--engine` is called that firedrill installs by itself. */
export const VLLM_ENGINE = 'vllm'

/** A real vLLM in place of the emulated one, ready to run. */
export interface ReadEngine {
  vllm: string
  real: RealEngine
  limits?: EngineLimits
}

/** What a small engine cannot take as the scenarios have it. */
export interface EngineLimits {
  /** The token counts of feature flags are multiplied by it. */
  flagTokens: number
  /** A scenario of more load is scaled to it, where nobody says otherwise. */
  carries: Capacity
}
