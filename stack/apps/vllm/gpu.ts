import { setTimeout as delay } from 'node:timers/promises'
import { errorMessage } from '../../../lib/core/errors.ts'
import {
  allocateGpuMemory,
  type Allocation,
  type GpuMemory,
  type Holder,
  readGpuMemory,
} from '../gpu-emulator/client.ts'

/** A pod that needs a device is not placed before there is one; on a node that just came up, wait for it. */
const DEVICE_TIMEOUT_MS = 60_000
const RETRY_MS = 500

/** The device's memory as CUDA would report it, as soon as the device answers. */
export const waitForDevice = async (url: string): Promise<GpuMemory> => {
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    try {
      return await readGpuMemory(url)
    } catch (error) {
      if (waitedMs >= DEVICE_TIMEOUT_MS)
        throw new Error(`No CUDA GPUs are available (${errorMessage(error)})`, { cause: error })
      await delay(RETRY_MS)
    }
  }
}

/** vLLM's start-up check, in its words (vllm/v1/worker/utils.py, request_memory); null where the memory is free. */
export const memoryError = (
  { totalMiB, freeMiB }: GpuMemory,
  requestedMiB: number,
  utilization: number,
): string | null =>
  freeMiB >= requestedMiB
    ? null
    : `ValueError: Free memory on device cuda:0 (${gib(freeMiB)}/${gib(totalMiB)} GiB) on startup is less than desired GPU ` +
      `memory utilization (${utilization}, ${gib(requestedMiB)} GiB). Decrease GPU memory utilization or reduce GPU ` +
      'memory used by other processes.'

/** Takes all of it at once; a real vLLM takes the same amount in steps while it starts. */
export const reserve = (url: string, holder: Holder, mib: number): Promise<Allocation> =>
  allocateGpuMemory(url, holder, mib)

// --- Internal helpers ---

const gib = (mib: number): string => String(Math.round((mib / 1_024) * 100) / 100)
