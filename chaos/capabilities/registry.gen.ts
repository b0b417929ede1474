// Made by scripts/generate.ts: npm run generate
import type { CapabilityRegistry } from '../controller/capability.ts'
import engineDevMode from './engine-dev-mode.ts'
import eviction from './eviction.ts'
import exec from './exec.ts'
import featureFlags from './feature-flags.ts'
import gpuMetrics from './gpu-metrics.ts'
import gpuPower from './gpu-power.ts'
import kvCache from './kv-cache.ts'
import loadClient from './load-client.ts'
import networkChaos from './network-chaos.ts'
import networkPolicies from './network-policies.ts'
import nodeOutage from './node-outage.ts'
import nodes from './nodes.ts'
import scrapeAnnotations from './scrape-annotations.ts'
import upstreamFaults from './upstream-faults.ts'
import workload from './workload.ts'

export const capabilities: CapabilityRegistry = {
  'engine-dev-mode': engineDevMode,
  eviction: eviction,
  exec: exec,
  'feature-flags': featureFlags,
  'gpu-metrics': gpuMetrics,
  'gpu-power': gpuPower,
  'kv-cache': kvCache,
  'load-client': loadClient,
  'network-chaos': networkChaos,
  'network-policies': networkPolicies,
  'node-outage': nodeOutage,
  nodes: nodes,
  'scrape-annotations': scrapeAnnotations,
  'upstream-faults': upstreamFaults,
  workload: workload,
}
