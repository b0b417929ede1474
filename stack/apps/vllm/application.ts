import { createEngine } from '../../../lib/vllm/engine/engine.ts'
import type { Engine, EngineRequest } from '../../../lib/vllm/engine/types.ts'
import { stepTime } from '../../../lib/vllm/hardware/preset.ts'
import { isAtLeast } from '../../../lib/vllm/metrics/version.ts'
import { cacheConfigInfo } from '../../../lib/vllm/metrics/cache-config.ts'
import { createEngineMetrics, type EngineMetrics } from '../../../lib/vllm/metrics/engine-metrics.ts'
import { isMultiprocess } from '../../../lib/vllm/metrics/exposed.ts'
import type { Parent } from '../../../lib/vllm/metrics/finished-observer.ts'
import { createHttpMetrics } from '../../../lib/vllm/metrics/http-metrics.ts'
import type { ServeArguments } from './arguments.ts'
import { type Core, createDriver, type Driver, type GrowMemory } from './driver.ts'
import { fingerprint } from './fingerprint.ts'
import { devRoutes } from './routes/dev.ts'
import { generateRoutes } from './routes/generate.ts'
import { modelRoutes } from './routes/model.ts'
import { statusRoutes } from './routes/status.ts'
import { createVllmServer } from './server.ts'
import type { Plan } from './settings.ts'
import { createExecutor, type SleepMemory } from './executor.ts'
import { createServerLoad } from './http/server-load.ts'
import type { LogLine } from './log.ts'
import { createSleep } from './sleep.ts'
import { createStatsLine, type StatsLine } from './stats-line.ts'
import type { RequestTracer } from './tracing/request-tracer.ts'
import type { Server } from 'node:http'

export interface Application {
  engine: Engine
  driver: Driver
  metrics: EngineMetrics
  server: Server
  /** What the log says of it every ten seconds. */
  statsLine: StatsLine
  /** Paths and their methods. */
  routes: readonly (readonly [path: string, methods: readonly string[]])[]
}

export interface ApplicationOptions {
  args: ServeArguments
  plan: Plan
  /** Milliseconds below which no step ends. */
  stepFloorMs: number
  devMode: boolean
  /** VLLM_API_KEY: the key where the arguments have none. */
  apiKey?: string
  /** The process's own families of /metrics. */
  processMetrics(): string
  onAccess(line: string): void
  /** A line of the server's log. */
  onLog: LogLine
  /** The engine cannot go on. */
  onEngineLost(): void
  /** A request was answered with its death. */
  onEngineError(): void
  draining(): boolean
  core?: Core
  memory: SleepMemory & { grow: GrowMemory }
  /** Share of its full clock (0 to 1) that the device runs at: a step takes that much longer, also where it only reads memory. */
  speed?: () => number
  tracer: RequestTracer | null
}

/** Engine, real-time driver, metrics and HTTP server, wired; nothing listens yet. */
export const createApplication = (options: ApplicationOptions): Application => {
  const { args, plan, stepFloorMs, processMetrics, onAccess, onLog, memory, core } = options
  const { engine: config, preset } = plan
  const { servedModelNames: modelNames, numGpuBlocksOverride } = args
  const { gpuMemoryUtilization } = plan
  const { maxModelLen } = config
  const apiKeys = args.apiKeys.length > 0 || !options.apiKey ? args.apiKeys : [options.apiKey]
  const now = (): number => Date.now()
  const wallSeconds = (): number => now() / 1_000
  const clock = (): number => performance.now()
  const parents = new WeakMap<EngineRequest, Parent>()
  const vllm = { version: plan.vllmVersion, showHiddenFor: args.showHiddenMetricsForVersion }
  const metrics = createEngineMetrics({
    modelName: modelNames[0] ?? args.model,
    config,
    vllm,
    enforceEager: args.enforceEager,
    parentOf: (request) => parents.get(request),
    now: wallSeconds,
  })
  const atFullClock = stepTime(preset, stepFloorMs)
  const { speed } = options
  const engine = createEngine(config, speed === undefined ? atFullClock : (batch) => atFullClock(batch) / speed())
  const statsLine = createStatsLine({
    device: preset.device === 'CPU' ? 'CPU' : 'GPU',
    countsCached: !isAtLeast(vllm.version, '0.16.0'),
  })
  const driver = createDriver({
    engine,
    metrics: {
      ...metrics,
      record: (outcome, stats) => {
        metrics.record(outcome, stats)
        statsLine.observe(stats)
      },
    },
    now: clock,
    growMemory: memory.grow,
    onOutOfMemory: () => options.onEngineLost(),
    ...(core === undefined ? {} : { core }),
  })
  const http = createHttpMetrics(wallSeconds, vllm)
  const userSpecifiedBlockSize = args.blockSize !== null
  const cache = { gpuMemoryUtilization, userSpecifiedBlockSize, numGpuBlocksOverride }
  const cacheConfig = cacheConfigInfo(config, cache, vllm).render()
  // Before 0.8.0 the page has nothing of the process that serves it.
  const ofProcess = isMultiprocess(vllm.version) ? (): string => '' : processMetrics
  const sleep = createSleep({
    driver,
    executor: createExecutor(memory, onLog, clock),
    onState: metrics.slept,
    onOperation: metrics.sleepOperation,
    onLog,
    now: clock,
  })
  const access = { http, onAccess, quiet: new Set(args.disableAccessLogForEndpoints), now }
  const metricsPage = (): string => ofProcess() + metrics.render() + cacheConfig + http.render()
  const resetPrefixCache = (resetRunningRequests: boolean): boolean => engine.resetPrefixCache({ resetRunningRequests })
  const load = createServerLoad(args.enableServerLoadTracking)
  const routes = {
    ...statusRoutes({ driver, version: plan.vllmVersion, load: load.open, metricsPage }),
    ...modelRoutes({ modelNames, root: args.model, maxModelLen, now }),
    ...generateRoutes({
      ...access,
      ...args,
      driver,
      modelNames,
      maxModelLen,
      fingerprint: fingerprint(plan.vllmVersion, config),
      requestIdHeaders: args.enableRequestIdHeaders,
      onCall: load.count,
      onRejected: metrics.reject,
      onSiblings: (requests, parent) => {
        for (const request of requests) parents.set(request, parent)
      },
      draining: options.draining,
      onEngineError: options.onEngineError,
      tracer: options.tracer,
    }),
    ...(options.devMode ? devRoutes({ sleep, resetPrefixCache, onLog }) : {}),
  }
  const listed = Object.entries(routes).map(([path, route]) => [path, Object.keys(route)] as const)
  return {
    engine,
    driver,
    metrics,
    server: createVllmServer(routes, { ...access, apiKeys }),
    statsLine,
    routes: listed,
  }
}
