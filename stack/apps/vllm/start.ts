import type { Server } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { createApplication } from './application.ts'
import type { ServeArguments } from './arguments.ts'
import { coldStart } from './cold-start.ts'
import { type Death, logDeath } from './end-log.ts'
import type { EngineCore } from './engine-core.ts'
import { createLife, type Life } from './life.ts'
import type { Log } from './log.ts'
import { openDevice } from './memory/device.ts'
import { createReservation } from './memory/reservation.ts'
import { type EmulatorEnv, planServer } from './settings.ts'
import { ConfigError, StartError } from './start-error.ts'
import { logArguments, logConfigError, logEngine, logListening, logStartFailure } from './start-log.ts'
import { logStats } from './stats-line.ts'
import { openTracing } from './tracing/open.ts'

export interface StartContext {
  args: ServeArguments
  env: EmulatorEnv
  pid: number
  log: Log
  core: EngineCore
  /** The process's own families of /metrics. */
  processMetrics(): string
  /** The server ended by itself: its engine died. */
  onEnd(): void
}

/** Before the memory of the device is taken: imports and the engine's own start. */
const MEMORY_AT_MS = 1_000

/** A cold start as vLLM does one, up to the listening socket; null where the engine could not start, which the log explains. */
export const start = async (context: StartContext): Promise<Life | null> => {
  try {
    return await startEngine(context)
  } catch (error) {
    if (error instanceof ConfigError) logConfigError(context.log, error)
    else if (error instanceof StartError) logStartFailure(context.log, error)
    else throw error
    return null
  }
}

// --- Internal helpers ---

const startEngine = async (context: StartContext): Promise<Life> => {
  const { args, env, pid, log, core, processMetrics, onEnd } = context
  const startedAt = performance.now()
  logArguments(log, args, env)
  const device = await openDevice(env)
  const planned = planServer(args, env, device.totalMiB)
  if (!planned.ok) throw planned.by === 'config' ? new ConfigError(planned.error) : new StartError(planned.error)
  const { plan } = planned
  logEngine(log, args.model, plan)
  const inPool = args.enableSleepMode || args.enableCumemAllocator
  const memory = { parts: plan.memory, utilization: plan.gpuMemoryUtilization, inPool }
  const reservation = createReservation(device, plan.model, memory)
  await delay(Math.min(MEMORY_AT_MS, plan.coldStartMs))
  await reservation.open()
  const killed = core.lost.then(() => Promise.reject(new StartError('the process of the engine was killed')))
  await Promise.race([coldStart(log, { model: args.model, plan, reservation }, startedAt), killed])

  const devMode = env.VLLM_SERVER_DEV_MODE !== '0'
  const tracing = await openTracing(args, env, pid)
  const die = (death: Death): void => {
    if (driver.dead()) return
    logDeath(log, death)
    driver.die()
    reservation.close()
    core.stop()
    life.engineDied()
  }
  const { server, driver, metrics, statsLine, routes } = createApplication({
    args,
    plan,
    stepFloorMs: env.VLLM_EMULATOR_STEP_FLOOR_MS,
    devMode,
    apiKey: env.VLLM_API_KEY,
    processMetrics,
    core,
    memory: reservation,
    speed: device.speed,
    tracer: tracing?.tracer ?? null,
    onAccess: (line) => args.disableUvicornAccessLog || log.uvicorn(line),
    onLog: log.line,
    onEngineLost: () => die({ kind: 'error', error: reservation.refusal() }),
    onEngineError: () => life.engineErrorSent(),
    draining: () => life.draining(),
  })
  const life = createLife({
    log,
    server,
    driver,
    pid,
    shutdownTimeout: args.shutdownTimeout,
    keepAlive: env.VLLM_KEEP_ALIVE_ON_ENGINE_DEATH !== '0',
    onEnd,
  })
  await listen(server, args)
  logListening(log, args, { pid, routes, devMode })
  const stats = { totals: metrics.totals, everySeconds: env.VLLM_LOG_STATS_INTERVAL }
  if (!args.disableLogStats) life.atEnd(logStats(log, statsLine, stats))
  life.atEnd(device.report(driver.takeBusyShare))
  life.atEnd(() => core.stop())
  if (tracing !== null) life.atEnd(tracing.shutdown)
  void device.lost.then(() =>
    die({ kind: 'error', error: 'torch.AcceleratorError: CUDA error: unspecified launch failure' }),
  )
  void core.lost.then(() => die({ kind: 'process' }))
  return life
}

const listen = (server: Server, { host, port }: ServeArguments): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, 4_096, resolve)
  })
