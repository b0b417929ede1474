import type { Server } from 'node:http'
import { createEngine } from '../../../lib/vllm/engine/engine.ts'
import type { Engine } from '../../../lib/vllm/engine/types.ts'
import { stepTime } from '../../../lib/vllm/hardware/preset.ts'
import { cacheConfigInfo } from '../../../lib/vllm/metrics/cache-config.ts'
import { createEngineMetrics, type EngineMetrics } from '../../../lib/vllm/metrics/engine-metrics.ts'
import { createHttpMetrics } from '../../../lib/vllm/metrics/http-metrics.ts'
import type { ServeArguments } from './arguments.ts'
import { createDriver, type Driver } from './driver.ts'
import { createVllmServer } from './server.ts'
import type { Plan } from './settings.ts'

export interface Application {
  engine: Engine
  driver: Driver
  metrics: EngineMetrics
  server: Server
}

export interface ApplicationOptions {
  args: ServeArguments
  plan: Plan
  /** Milliseconds below which no step ends. */
  stepFloorMs: number
  /** The process's own families of /metrics. */
  processMetrics(): string
  onAccess(line: string): void
}

/** Engine, real-time driver, metrics and HTTP server, wired; nothing listens yet. */
export const createApplication = (options: ApplicationOptions): Application => {
  const { args, plan, stepFloorMs, processMetrics, onAccess } = options
  const { engine: config, preset } = plan
  const wallSeconds = (): number => Date.now() / 1_000
  const metrics = createEngineMetrics({
    modelName: args.servedModelNames[0] ?? args.model,
    maxModelLen: config.maxModelLen,
    now: wallSeconds,
  })
  const engine = createEngine(config, stepTime(preset, stepFloorMs))
  const driver = createDriver(engine, metrics, () => performance.now())
  const http = createHttpMetrics(wallSeconds)
  const cacheConfig = cacheConfigInfo(config, {
    gpuMemoryUtilization: args.gpuMemoryUtilization,
    userSpecifiedBlockSize: args.blockSize !== null,
    numGpuBlocksOverride: args.numGpuBlocksOverride,
  })
  const server = createVllmServer({
    driver,
    http,
    modelNames: args.servedModelNames,
    root: args.model,
    maxModelLen: config.maxModelLen,
    maxNumQueuedReqs: args.maxNumQueuedReqs,
    seed: args.seed,
    metricsPage: () => processMetrics() + metrics.render() + cacheConfig + http.render(),
    onQueueOverflow: () => metrics.reject('max_num_queued_reqs'),
    onAccess,
    now: () => Date.now(),
  })
  return { engine, driver, metrics, server }
}
