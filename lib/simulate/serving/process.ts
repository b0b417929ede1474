import { createReservation } from '../../../stack/apps/vllm/memory/reservation.ts'
import type { Device } from '../../../stack/apps/vllm/memory/device.ts'
import { StartError } from '../../../stack/apps/vllm/start-error.ts'
import type { Holder } from '../../../stack/apps/gpu-emulator/client.ts'
import type { Ledger } from '../../../stack/apps/gpu-emulator/ledger.ts'
import { createEngine } from '../../vllm/engine/engine.ts'
import { stepTime } from '../../vllm/hardware/preset.ts'
import { createEngineMetrics } from '../../vllm/metrics/engine-metrics.ts'
import type { Clockwork } from '../clockwork.ts'
import type { Page } from '../scrape/page.ts'
import type { SimulatedStack } from '../stack.ts'
import { createEngineDriver, type EngineDriver } from './engine-driver.ts'

/** One run of the serving container's program: the counterpart of stack/apps/vllm. */
export interface ServingProcess {
  /** Null until it listens, and after its end. */
  serving(): { driver: EngineDriver; page: Page } | null
  /** SIGTERM: requests in flight fail, then the process ends. */
  terminate(): void
  /** SIGKILL. */
  kill(): void
}

export interface ServingProcessOptions {
  clock: Clockwork
  serving: SimulatedStack['serving']
  gpu: Ledger
  holder: Holder
  /** Metrics that are kept of what it exposes; all where null. */
  wanted: ((metric: string) => boolean) | null
  /** The process ended; 0 after SIGTERM, 1 where it could not start or its engine died. */
  onExit(exitCode: number): void
}

/** From the start of the container to the first line of the program, as measured on the embedded cluster. */
const BOOT_MS = 180
/** As in stack/apps/vllm: before the memory of the device is taken, between two reports, and until the server is closed. */
const MEMORY_AT_MS = 1_000
const REPORT_MS = 1_000
const CLOSE_MS = 500
const SECOND = 1_000
const SIGKILLED = 137

export const startServingProcess = (options: ServingProcessOptions): ServingProcess => {
  const { clock, serving, gpu, holder, wanted, onExit } = options
  const { engine: plan, args, stepFloorMs } = serving
  const device = simulatedDevice(clock, gpu, holder)
  const memory = { parts: plan.memory, utilization: plan.gpuMemoryUtilization }
  const reservation = createReservation(device, plan.model, memory)
  let isOver = false
  let running: { driver: EngineDriver; page: Page } | null = null

  const exit = (code: number): void => {
    if (isOver) return
    isOver = true
    const ended = running
    running = null
    ended?.driver.die('gone')
    device.free()
    onExit(code)
  }
  /** As stack/apps/vllm/start.ts and cold-start.ts have it. */
  const start = async (): Promise<void> => {
    await clock.sleep(BOOT_MS)
    const listensAt = clock.now() + plan.coldStartMs
    await clock.sleep(Math.min(MEMORY_AT_MS, plan.coldStartMs))
    await reservation.open()
    await reservation.loadWeights()
    await clock.sleep(Math.max(0, listensAt - clock.now()) / 2)
    await reservation.profile()
    await reservation.allocateKv(plan.kvBytes)
    await clock.sleep(Math.max(0, listensAt - clock.now()))
    await reservation.captureGraphs()
    if (!isOver) listen()
  }
  const listen = (): void => {
    const engine = createEngine(plan.engine, stepTime(plan.preset, stepFloorMs))
    const metrics = createEngineMetrics({
      modelName: args.servedModelNames[0] ?? args.model,
      config: plan.engine,
      isRead: (family) => wanted === null || ['', '_bucket', '_sum', '_count'].some((end) => wanted(family + end)),
      now: () => clock.now() / SECOND,
    })
    const driver = createEngineDriver({
      clock,
      engine,
      metrics,
      growMemory: reservation.grow,
      // Its log has the reason; the front end ends a moment after its engine.
      onOutOfMemory: () => fail(1),
    })
    running = { driver, page: { visit: metrics.visit, families: metrics.families } }
    const report = (): void => {
      if (isOver) return
      gpu.report(holder, driver.takeBusyShare(), clock.now())
      clock.after(REPORT_MS, report)
    }
    clock.after(REPORT_MS, report)
  }
  /** Requests in flight are told so, and the process ends. */
  const fail = (code: number): void => {
    const ending = running
    running = null
    ending?.driver.die('error')
    clock.after(ending === null ? 0 : CLOSE_MS, () => exit(code))
  }
  start().catch((error: unknown) => {
    if (!(error instanceof StartError)) throw error
    exit(1)
  })
  return { serving: () => running, terminate: () => fail(0), kill: () => exit(SIGKILLED) }
}

// --- Internal helpers ---

/** The node's device as one process has it: what it holds is free again when it is gone. */
const simulatedDevice = (clock: Clockwork, gpu: Ledger, holder: Holder): Device & { free(): void } => {
  const releases = new Set<() => void>()
  let isFreed = false
  return {
    totalMiB: gpu.totalMiB,
    memory: () => Promise.resolve({ totalMiB: gpu.totalMiB, freeMiB: gpu.freeMiB() }),
    allocate: async (mib, kind) => {
      // Its promise settles on simulated time, so that what follows from it does too.
      await clock.sleep(0)
      const entry = isFreed ? null : gpu.take(holder, mib, kind)
      if (entry === null) return null
      const release = (): void => {
        releases.delete(release)
        gpu.give(entry)
      }
      releases.add(release)
      return { mib, release }
    },
    lost: new Promise(() => undefined),
    report: () => () => undefined,
    speed: () => 1,
    free: () => {
      isFreed = true
      for (const release of releases) release()
    },
  }
}
