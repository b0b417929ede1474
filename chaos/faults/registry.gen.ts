// Made by scripts/generate.ts: npm run generate
import type { FaultRegistry } from '../../lib/core/fault.ts'
import cacheBustingPrefix from './cache-busting-prefix.ts'
import featureFlag from './feature-flag.ts'
import gpuMemoryPressure from './gpu-memory-pressure.ts'
import podKill from './pod-kill.ts'
import promptGrowth from './prompt-growth.ts'
import rateLimitErrors from './rate-limit-errors.ts'
import retryStorm from './retry-storm.ts'
import runawayMaxTokens from './runaway-max-tokens.ts'
import stickyRouting from './sticky-routing.ts'

export const faults: FaultRegistry = {
  'cache-busting-prefix': cacheBustingPrefix,
  'feature-flag': featureFlag,
  'gpu-memory-pressure': gpuMemoryPressure,
  'pod-kill': podKill,
  'prompt-growth': promptGrowth,
  'rate-limit-errors': rateLimitErrors,
  'retry-storm': retryStorm,
  'runaway-max-tokens': runawayMaxTokens,
  'sticky-routing': stickyRouting,
}
