import { setTimeout as delay } from 'node:timers/promises'
import { errorMessage } from '../../../lib/core/errors.ts'
import { allocateGpuMemory, type GpuMemory, type Holder, readGpuMemory } from '../gpu-emulator/client.ts'

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
    if (!allocation.ok) return { ok: false, reason: notFree(allocation.memory, mib, utilization) }
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

/** vLLM's own words (vllm/v1/worker/utils.py, request_memory). */
const notFree = ({ totalMiB, freeMiB }: GpuMemory, requestedMiB: number, utilization: number): string =>
  `ValueError: Free memory on device cuda:0 (${gib(freeMiB)}/${gib(totalMiB)} GiB) on startup is less than desired GPU ` +
  `memory utilization (${utilization}, ${gib(requestedMiB)} GiB). Decrease GPU memory utilization or reduce GPU memory ` +
  'used by other processes.'

const gib = (mib: number): string => String(Math.round((mib / 1_024) * 100) / 100)
