import type { Server } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { createApplication } from './application.ts'
import type { ServeArguments } from './arguments.ts'
import { coldStart } from './cold-start.ts'
import { openDevice } from './device.ts'
import type { Log } from './log.ts'
import { type EmulatorEnv, planServer } from './settings.ts'
import { logArguments, logEngine, logEngineDeath, logListening, logStartFailure, StartError } from './start-log.ts'
import { logStats } from './stats-line.ts'

export interface StartContext {
  args: ServeArguments
  env: EmulatorEnv
  pid: number
  log: Log
  /** The process's own families of /metrics. */
  processMetrics(): string
  /** The engine cannot go on: the process has to end with exit code 1. */
  onDeath(): void
}

export interface Running {
  /** Aborts what is in flight, as vLLM does without --shutdown-timeout, and closes the server. */
  stop(): Promise<void>
}

/** Before the memory of the device is taken: imports and the engine's own start. */
const MEMORY_AT_MS = 1_000
/** Answers on their way to slow readers get this long. */
const CLOSE_MS = 500

/** A cold start as vLLM does one, up to the listening socket; null where the engine could not start, which the log explains. */
export const start = async (context: StartContext): Promise<Running | null> => {
  try {
    return await startEngine(context)
  } catch (error) {
    if (!(error instanceof StartError)) throw error
    logStartFailure(context.log, error)
    return null
  }
}

// --- Internal helpers ---

const startEngine = async ({ args, env, pid, log, processMetrics, onDeath }: StartContext): Promise<Running> => {
  const startedAt = performance.now()
  logArguments(log, args, env)
  const device = await openDevice(env)
  const planned = planServer(args, env, device.totalMiB)
  if (!planned.ok) throw new StartError(`ValueError: ${planned.error}`)
  const { plan } = planned
  logEngine(log, args.model, plan)
  await delay(Math.min(MEMORY_AT_MS, plan.coldStartMs))
  const reservation = await device.reserve(plan.requestedMiB, args.gpuMemoryUtilization)
  await coldStart(log, args.model, plan, startedAt)

  const { server, driver, engine, metrics } = createApplication({
    args,
    plan,
    stepFloorMs: env.VLLM_EMULATOR_STEP_FLOOR_MS,
    processMetrics,
    onAccess: (line) => args.disableUvicornAccessLog || log.uvicorn(line),
  })
  await listen(server, args)
  logListening(log, args, pid)
  const stopStats = logStats(log, metrics, engine)
  const stopReports = reservation.report(driver.takeBusyShare)
  void reservation.lost.then(() => {
    logEngineDeath(log)
    driver.die()
    onDeath()
  })
  return {
    stop: async () => {
      stopStats()
      stopReports()
      driver.shutDown()
      await close(server)
    },
  }
}

const listen = (server: Server, { host, port }: ServeArguments): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, 4_096, resolve)
  })

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), CLOSE_MS).unref()
  })
