import { createEngine } from '../../vllm/engine/engine.ts'
import { stepTime } from '../../vllm/hardware/preset.ts'
import { createEngineMetrics } from '../../vllm/metrics/engine-metrics.ts'
import type { Ledger } from '../../../stack/apps/gpu-emulator/ledger.ts'
import type { Holder } from '../../../stack/apps/gpu-emulator/client.ts'
import type { Clockwork } from '../clockwork.ts'
import type { Page } from '../scrape/page.ts'
import type { SimulatedStack } from '../stack.ts'
import { createEngineDriver, type EngineDriver } from './engine-driver.ts'

/** One run of the serving container's program: the counterpart of stack/apps/vllm. */
export interface ServingProcess {
  /** Null until it listens, and after its end. */
  serving(): { driver: EngineDriver; page: Page } | null
  /** SIGTERM: in-flight requests end early, then the process does. */
  terminate(): void
  /** SIGKILL. */
  kill(): void
}

export interface ServingProcessOptions {
  clock: Clockwork
  serving: SimulatedStack['serving']
  gpu: Ledger
  holder: Holder
  /** The process ended; 0 after SIGTERM, 1 where it could not start. */
  onExit(exitCode: number): void
}

/** From the start of the container to the first line of the program, as measured on the embedded cluster. */
const BOOT_MS = 180
/** As in stack/apps/vllm: before the memory of the device is taken, between two reports, and until the server is closed. */
const MEMORY_AT_MS = 1_000
const REPORT_MS = 1_000
const CLOSE_MS = 500
const SECOND = 1_000
/** As the real pages have it. */
const SIGKILLED = 137

export const startServingProcess = ({ clock, serving, gpu, holder, onExit }: ServingProcessOptions): ServingProcess => {
  const { engine: plan, args, stepFloorMs } = serving
  let isOver = false
  let running: { driver: EngineDriver; page: Page } | null = null
  let release = (): void => {}

  const exit = (code: number): void => {
    if (isOver) return
    isOver = true
    const ended = running
    running = null
    ended?.driver.die()
    release()
    onExit(code)
  }
  const reserve = (): void => {
    if (isOver) return
    const entry = gpu.take(holder, plan.requestedMiB)
    if (entry === null) return exit(1)
    release = () => gpu.give(entry)
    clock.after(Math.max(0, plan.coldStartMs - MEMORY_AT_MS), listen)
  }
  const listen = (): void => {
    if (isOver) return
    const engine = createEngine(plan.engine, stepTime(plan.preset, stepFloorMs))
    const metrics = createEngineMetrics({
      modelName: args.servedModelNames[0] ?? args.model,
      config: plan.engine,
      now: () => clock.now() / SECOND,
    })
    const driver = createEngineDriver(clock, engine, metrics)
    running = { driver, page: { visit: metrics.visit, families: metrics.families } }
    const report = (): void => {
      if (isOver) return
      gpu.report(holder, driver.takeBusyShare(), clock.now())
      clock.after(REPORT_MS, report)
    }
    clock.after(REPORT_MS, report)
  }
  clock.after(BOOT_MS + Math.min(MEMORY_AT_MS, plan.coldStartMs), reserve)
  return {
    serving: () => running,
    terminate: () => {
      const ending = running
      running = null
      ending?.driver.shutDown()
      clock.after(ending === null ? 0 : CLOSE_MS, () => exit(0))
    },
    kill: () => exit(SIGKILLED),
  }
}
