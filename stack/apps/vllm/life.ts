import type { Server } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Driver } from './driver.ts'
import { logForcedEnd, logShutdownBegin, logShutdownEnd } from './end-log.ts'
import type { Log } from './log.ts'

/** How a server ends: by a signal, or because its engine died. */
export interface Life {
  /** A SIGTERM: without --shutdown-timeout requests in flight fail, with it they have so long to end. */
  stop(): Promise<void>
  draining(): boolean
  engineDied(): void
  /** A request was answered with its engine's death: vLLM ends at once then, and otherwise at its watchdog's next look. */
  engineErrorSent(): void
  /** What to undo before the process ends, in the order given. */
  atEnd(undo: () => void | Promise<void>): void
}

export interface LifeOptions {
  log: Log
  server: Server
  driver: Driver
  pid: number
  /** Seconds. */
  shutdownTimeout: number
  /** VLLM_KEEP_ALIVE_ON_ENGINE_DEATH. */
  keepAlive: boolean
  onEnd(): void
}

/** vLLM's VLLM_WATCHDOG_TIME_S. */
const WATCHDOG_MS = 5_000
/** Answers on their way to slow readers get this long where the engine has failed them. */
const CLOSE_MS = 500

export const createLife = ({ log, server, driver, pid, shutdownTimeout, keepAlive, onEnd }: LifeOptions): Life => {
  const undos: (() => void | Promise<void>)[] = []
  const startedAt = performance.now()
  let draining = false
  let ending = false

  const finish = async (): Promise<void> => {
    for (const undo of undos) await undo()
  }
  const closeServer = async (patience: number): Promise<void> => {
    log.uvicorn('Shutting down')
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()))
    server.closeIdleConnections()
    const timer = Number.isFinite(patience) ? setTimeout(() => server.closeAllConnections(), patience) : undefined
    const quick = await Promise.race([closed.then(() => true), delay(100, false)])
    if (!quick) log.uvicorn('Waiting for connections to close. (CTRL+C to force quit)')
    await closed
    clearTimeout(timer)
    log.uvicorn('Waiting for application shutdown.')
    log.uvicorn('Application shutdown complete.')
    log.uvicorn(`Finished server process [${pid}]`)
  }
  const endByItself = async (): Promise<void> => {
    if (ending || keepAlive) return
    ending = true
    await closeServer(CLOSE_MS)
    await finish()
    onEnd()
  }

  return {
    draining: () => draining,
    atEnd: (undo) => void undos.push(undo),
    engineDied: () => {
      if (ending) return
      const sinceLook = (performance.now() - startedAt) % WATCHDOG_MS
      setTimeout(() => void endByItself(), WATCHDOG_MS - sinceLook)
    },
    engineErrorSent: () => {
      if (driver.dead()) void endByItself()
    },
    stop: async () => {
      if (ending) return
      ending = true
      logShutdownBegin(log, shutdownTimeout, driver.unfinished())
      let patience = CLOSE_MS
      if (shutdownTimeout === 0 || driver.dead()) {
        logForcedEnd(log)
        const requestsFailed = driver.unfinished() > 0
        driver.die()
        logShutdownEnd(log, { requestsFailed })
      } else {
        draining = true
        const drained = await Promise.race([
          driver.drained().then(() => true),
          delay(shutdownTimeout * 1_000, false, { ref: false }),
        ])
        // vLLM 0.32 forgets what is left: those streams stay open and silent until their clients, or the kubelet, end them.
        if (!drained) {
          logForcedEnd(log)
          driver.halt()
          patience = Number.POSITIVE_INFINITY
        }
        logShutdownEnd(log, { requestsFailed: false })
      }
      await closeServer(patience)
      await finish()
    },
  }
}
