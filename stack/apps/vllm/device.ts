import { setTimeout as delay } from 'node:timers/promises'
import { errorMessage } from '../../../lib/core/errors.ts'
import { allocateGpuMemory, type GpuMemory, readGpuMemory, reportUtilisation } from '../gpu-emulator/client.ts'
import type { EmulatorEnv } from './settings.ts'
import { StartError } from './start-log.ts'

/** The device as vLLM uses it: asked for its size, then for memory that is held as long as the process lives. */
export interface Device {
  totalMiB: number
  /** Takes all at once, where a real vLLM takes the same amount in steps while it starts. A StartError where it is not free. */
  reserve(mib: number, utilization: number): Promise<Reservation>
}

export interface Reservation {
  /** Resolves when the device is gone; never where there is none to ask. */
  lost: Promise<void>
  /** Tells the device every second how busy the engine is (0 to 1). Returns what ends it. */
  report(busyShare: () => number): () => void
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
  return {
    totalMiB,
    reserve: async (mib, utilization) => {
      const allocation = await allocateGpuMemory(url, holder, mib).catch((error: unknown) => {
        throw new StartError(`RuntimeError: CUDA error: ${errorMessage(error)}`)
      })
      if (!allocation.ok) throw new StartError(notFree(allocation.memory, mib, utilization))
      return {
        lost: allocation.lost,
        report: (busyShare) => {
          const timer = setInterval(() => void reportUtilisation(url, holder, busyShare()), REPORT_MS)
          return () => clearInterval(timer)
        },
      }
    },
  }
}

// --- Internal helpers ---

const freeDevice = (totalMiB: number): Device => ({
  totalMiB,
  reserve: () => Promise.resolve({ lost: new Promise(() => undefined), report: () => () => undefined }),
})

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

/** vLLM's own words (vllm/v1/worker/utils.py, request_memory). */
const notFree = ({ totalMiB, freeMiB }: GpuMemory, requestedMiB: number, utilization: number): string =>
  `ValueError: Free memory on device cuda:0 (${gib(freeMiB)}/${gib(totalMiB)} GiB) on startup is less than desired GPU ` +
  `memory utilization (${utilization}, ${gib(requestedMiB)} GiB). Decrease GPU memory utilization or reduce GPU memory ` +
  'used by other processes.'

const gib = (mib: number): string => String(Math.round((mib / 1_024) * 100) / 100)
