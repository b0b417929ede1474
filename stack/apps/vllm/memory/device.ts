import { setTimeout as delay } from 'node:timers/promises'
import { errorMessage } from '../../../../lib/core/errors.ts'
import {
  allocateGpuMemory,
  type GpuMemory,
  type MemoryKind,
  readGpuMemory,
  reportUtilisation,
} from '../../gpu-emulator/client.ts'
import type { EmulatorEnv } from '../settings.ts'
import { StartError } from '../start-error.ts'

/** Memory that is held until it is released, or the device or this process is gone. */
export interface Held {
  mib: number
  release(): void
}

/** The device as CUDA shows it. */
export interface Device {
  totalMiB: number
  memory(): Promise<GpuMemory>
  /** Null where that much is not free. */
  allocate(mib: number, kind: MemoryKind): Promise<Held | null>
  /** Resolves when the device is gone; never where there is none to ask. */
  lost: Promise<void>
  /** Tells the device every second how busy the engine is (0 to 1). Returns what ends it. */
  report(busyShare: () => number): () => void
  /** Share of its full clock (0 to 1) that the device ran at when it was last told. */
  speed(): number
}

/** A pod that needs a device is not placed before there is one; on a node that just came up, wait for it. */
const DEVICE_TIMEOUT_MS = 60_000
const RETRY_MS = 500
const REPORT_MS = 1_000

/** The node's emulated GPU; where none is named, the preset's device with all its memory free. */
export const openDevice = async (env: EmulatorEnv): Promise<Device> => {
  const url = env.FIREDRILL_GPU_URL
  if (url === undefined) return freeDevice(env.VLLM_EMULATOR_PRESET.memoryMiB)
  const { totalMiB } = await waitForDevice(url)
  const holder = { pod: env.FIREDRILL_POD, uid: env.FIREDRILL_POD_UID, container: 'vllm' }
  let gone: () => void = () => undefined
  let speed = 1
  return {
    totalMiB,
    memory: () => readGpuMemory(url),
    lost: new Promise((resolve) => {
      gone = resolve
    }),
    allocate: async (mib, kind) => {
      const allocation = await allocateGpuMemory(url, holder, mib, kind).catch((error: unknown) => {
        throw new StartError(`RuntimeError: CUDA error: ${errorMessage(error)}`)
      })
      if (!allocation.ok) return null
      let released = false
      void allocation.lost.then(() => released || gone())
      return {
        mib,
        release: () => {
          released = true
          allocation.release()
        },
      }
    },
    report: (busyShare) => {
      const tell = async (): Promise<void> => {
        speed = (await reportUtilisation(url, holder, busyShare())) ?? speed
      }
      const timer = setInterval(() => void tell(), REPORT_MS)
      return () => clearInterval(timer)
    },
    speed: () => speed,
  }
}

// --- Internal helpers ---

const freeDevice = (totalMiB: number): Device => {
  let used = 0
  return {
    totalMiB,
    memory: () => Promise.resolve({ totalMiB, freeMiB: totalMiB - used }),
    allocate: (mib) => {
      if (mib > totalMiB - used) return Promise.resolve(null)
      used += mib
      return Promise.resolve({ mib, release: () => void (used -= mib) })
    },
    lost: new Promise(() => undefined),
    report: () => () => undefined,
    speed: () => 1,
  }
}

const waitForDevice = async (url: string): Promise<GpuMemory> => {
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    try {
      return await readGpuMemory(url)
    } catch (error) {
      if (waitedMs >= DEVICE_TIMEOUT_MS) {
        throw new StartError(`RuntimeError: No CUDA GPUs are available (${errorMessage(error)})`)
      }
      await delay(RETRY_MS)
    }
  }
}
