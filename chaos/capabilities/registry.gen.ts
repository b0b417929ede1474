// Made by scripts/generate.ts: npm run generate
import type { CapabilityRegistry } from '../controller/capability.ts'
import featureFlags from './feature-flags.ts'
import gpuMetrics from './gpu-metrics.ts'
import kvCache from './kv-cache.ts'
import workload from './workload.ts'

export const capabilities: CapabilityRegistry = {
  'feature-flags': featureFlags,
  'gpu-metrics': gpuMetrics,
  'kv-cache': kvCache,
  workload: workload,
}
