// Made by scripts/generate.ts: npm run generate
import type { FaultRegistry } from '../../lib/core/fault.ts'
import badRollout from './bad-rollout.ts'
import benignRollout from './benign-rollout.ts'
import cacheBust from './cache-bust.ts'
import cacheBustingPrefix from './cache-busting-prefix.ts'
import clientAborts from './client-aborts.ts'
import containerCrash from './container-crash.ts'
import crashLoop from './crash-loop.ts'
import engineHang from './engine-hang.ts'
import featureFlag from './feature-flag.ts'
import gpuMemoryPressure from './gpu-memory-pressure.ts'
import gpuThrottle from './gpu-throttle.ts'
import kvShrink from './kv-shrink.ts'
import loadSurge from './load-surge.ts'
import longContext from './long-context.ts'
import metricRename from './metric-rename.ts'
import nearMiss from './near-miss.ts'
import netDelay from './net-delay.ts'
import netLoss from './net-loss.ts'
import netPartition from './net-partition.ts'
import nodeDown from './node-down.ts'
import nodeDrain from './node-drain.ts'
import none from './none.ts'
import podEvict from './pod-evict.ts'
import podKill from './pod-kill.ts'
import prefixCacheReset from './prefix-cache-reset.ts'
import promptGrowth from './prompt-growth.ts'
import rateLimitErrors from './rate-limit-errors.ts'
import retryStorm from './retry-storm.ts'
import runawayMaxTokens from './runaway-max-tokens.ts'
import scaleDown from './scale-down.ts'
import scrapeLoss from './scrape-loss.ts'
import slowStart from './slow-start.ts'
import stickyRouting from './sticky-routing.ts'
import telemetryOnly from './telemetry-only.ts'

export const faults: FaultRegistry = {
  'bad-rollout': badRollout,
  'benign-rollout': benignRollout,
  'cache-bust': cacheBust,
  'cache-busting-prefix': cacheBustingPrefix,
  'client-aborts': clientAborts,
  'container-crash': containerCrash,
  'crash-loop': crashLoop,
  'engine-hang': engineHang,
  'feature-flag': featureFlag,
  'gpu-memory-pressure': gpuMemoryPressure,
  'gpu-throttle': gpuThrottle,
  'kv-shrink': kvShrink,
  'load-surge': loadSurge,
  'long-context': longContext,
  'metric-rename': metricRename,
  'near-miss': nearMiss,
  'net-delay': netDelay,
  'net-loss': netLoss,
  'net-partition': netPartition,
  'node-down': nodeDown,
  'node-drain': nodeDrain,
  none: none,
  'pod-evict': podEvict,
  'pod-kill': podKill,
  'prefix-cache-reset': prefixCacheReset,
  'prompt-growth': promptGrowth,
  'rate-limit-errors': rateLimitErrors,
  'retry-storm': retryStorm,
  'runaway-max-tokens': runawayMaxTokens,
  'scale-down': scaleDown,
  'scrape-loss': scrapeLoss,
  'slow-start': slowStart,
  'sticky-routing': stickyRouting,
  'telemetry-only': telemetryOnly,
}
