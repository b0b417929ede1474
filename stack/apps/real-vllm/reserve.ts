import { setTimeout as delay } from 'node:timers/promises'
import { errorMessage } from '../../../lib/core/errors.ts'
import { allocateGpuMemory, type GpuMemory, type Holder, readGpuMemory } from '../gpu-emulator/client.ts'
import { notFree } from '../vllm/memory/messages.ts'

export type Reservation =
  | {
      ok: true
      mib: number
      /** Resolves when the emulated GPU is gone. */
      lost: Promise<void>
    }
  | { ok: false; reason: string }

export interface ReserveOptions {
  url: string
  holder: Holder
  /** The share of the whole device that vLLM asks for. */
  utilization: number
  /** How long the device is waited for, and how often it is asked. */
  timeoutMs?: number
  everyMs?: number
}

/**
 * Takes the memory that a vLLM on this GPU would take, from the node's emulated GPU: a CPU build needs none, and without it
 * nothing that befalls a GPU's memory could befall this replica. Held until the process ends.
 */
export const reserve = async (options: ReserveOptions): Promise<Reservation> => {
  const { url, holder, utilization } = options
  try {
    const { totalMiB } = await waitForDevice(options)
    const mib = Math.ceil(totalMiB * utilization)
    const allocation = await allocateGpuMemory(url, holder, mib)
    if (!allocation.ok) return { ok: false, reason: notFree(allocation.memory, mib * MIB, utilization) }
    return { ok: true, mib, lost: allocation.lost }
  } catch (error) {
    return { ok: false, reason: `RuntimeError: No CUDA GPUs are available (${errorMessage(error)})` }
  }
}

/** `--gpu-memory-utilization` among vLLM's arguments, as argparse takes it; vLLM's own default where it is not there. */
export const utilizationOf = (args: readonly string[]): number => {
  let found = DEFAULT_UTILIZATION
  for (const [index, arg] of args.entries()) {
    const [flag = '', value = args[index + 1]] = arg.split('=', 2)
    if (flag.replaceAll('_', '-') !== '--gpu-memory-utilization') continue
    const share = Number(value)
    // vLLM itself refuses what is none.
    if (share > 0 && share <= 1) found = share
  }
  return found
}

// --- Internal helpers ---

const DEFAULT_UTILIZATION = 0.92
const MIB = 2 ** 20
const TIMEOUT_MS = 60_000
const EVERY_MS = 500

/** A node's first pods may be there before its GPU is. */
const waitForDevice = async ({
  url,
  timeoutMs = TIMEOUT_MS,
  everyMs = EVERY_MS,
}: ReserveOptions): Promise<GpuMemory> => {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    try {
      return await readGpuMemory(url)
    } catch (error) {
      if (performance.now() >= deadline) throw error
      await delay(everyMs)
    }
  }
}
