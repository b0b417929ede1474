import { activationBytes, type MemoryParts } from '../../../../lib/vllm/hardware/memory.ts'
import type { ModelFacts } from '../../../../lib/vllm/hardware/model.ts'
import type { MemoryKind } from '../../gpu-emulator/client.ts'
import type { GrowMemory } from '../driver.ts'
import { SLEEP_PARTS, type SleepMemory, type SleepPart } from '../executor.ts'
import { StartError } from '../start-error.ts'
import type { Device, Held } from './device.ts'
import { memoryCameBack, notFree, outOfMemory } from './messages.ts'

/** What one vLLM holds of its device, taken in the order of its start; a StartError where the device has not enough. */
export interface Reservation extends SleepMemory {
  /** The process's context, then vLLM's own check of what is free. */
  open(): Promise<void>
  loadWeights(): Promise<void>
  /** Takes the activations of the largest step and gives them back: their size decides about KV. */
  profile(): Promise<void>
  /** Once and for all: no co-tenant can make it smaller, and no load larger. */
  allocateKv(bytes: number): Promise<void>
  captureGraphs(): Promise<void>
  /** Activations of larger steps than any before, which the device may refuse. */
  grow: GrowMemory
  /** Why it refused. */
  refusal(): string
  /** Gives everything back, as the driver does with what a dead process held. */
  close(): void
}

/** PyTorch asks for large blocks in multiples of 20 MiB. */
const SEGMENT_MIB = 20
const MIB = 2 ** 20

export interface ReservationOptions {
  parts: MemoryParts
  /** The share of the device that its messages name. */
  utilization: number
  /** Whether weights and KV lie where sleep mode can reach them (--enable-sleep-mode). */
  inPool?: boolean
}

export const createReservation = (
  device: Device,
  model: ModelFacts,
  { parts, utilization, inPool = false }: ReservationOptions,
): Reservation => {
  const held = new Map<MemoryKind, Held[]>()
  const contextMiB = mibOf(parts.contextBytes)
  let initialFreeMiB = 0
  let kvMiB = 0
  let activationsMiB = 0
  /** The largest step for which that was found to be enough: what steps have taken is never given back. */
  let grownForTokens = 0
  let refusal = ''
  const gone = new Set<SleepPart>()

  const ownMiB = (): number => [...held.values()].flat().reduce((sum, { mib }) => sum + mib, 0)
  const take = async (mib: number, kind: MemoryKind): Promise<Held | null> => {
    const taken = await device.allocate(mib, kind)
    if (taken === null) refusal = outOfMemory(mib, await device.memory(), ownMiB(), contextMiB)
    else held.set(kind, [...(held.get(kind) ?? []), taken])
    return taken
  }
  const must = async (bytes: number, kind: MemoryKind): Promise<Held | null> => {
    if (bytes <= 0) return null
    const taken = await take(mibOf(bytes), kind)
    if (taken === null) throw new StartError(refusal)
    return taken
  }
  const release = (kind: MemoryKind): void => {
    for (const part of held.get(kind) ?? []) part.release()
    held.delete(kind)
  }

  return {
    refusal: () => refusal,
    close: () => {
      for (const kind of held.keys()) release(kind)
    },
    open: async () => {
      await must(parts.contextBytes, 'context')
      const memory = await device.memory()
      initialFreeMiB = memory.freeMiB
      if (memory.freeMiB * MIB < parts.requestedBytes) {
        throw new StartError(notFree(memory, parts.requestedBytes, utilization))
      }
    },
    loadWeights: async () => void (await must(parts.weightsBytes, 'weights')),
    profile: async () => {
      await must(parts.activationBytes, 'activations')
      const { freeMiB } = await device.memory()
      release('activations')
      if (freeMiB > initialFreeMiB) throw new StartError(memoryCameBack(initialFreeMiB, freeMiB))
    },
    allocateKv: async (bytes) => {
      kvMiB = mibOf(bytes)
      await must(bytes, 'kv_cache')
    },
    captureGraphs: async () => void (await must(parts.graphBytes, 'graphs')),
    grow: (stepTokens) => {
      // Its addresses are mapped to nothing: whoever resumes a sleeping engine finds that out.
      if (gone.size > 0) {
        refusal = ILLEGAL_ACCESS
        return Promise.resolve(false)
      }
      if (stepTokens <= grownForTokens) return true
      const wanted = Math.ceil(activationBytes(model, stepTokens) / MIB / SEGMENT_MIB) * SEGMENT_MIB
      if (wanted <= activationsMiB) {
        grownForTokens = stepTokens
        return true
      }
      const more = wanted - activationsMiB
      return take(more, 'activations').then((taken) => {
        if (taken === null) return false
        activationsMiB = wanted
        return true
      })
    },
    release: async () => {
      const { totalMiB, freeMiB } = await device.memory()
      const ownBefore = ownMiB()
      for (const part of inPool ? SLEEP_PARTS : []) {
        release(part)
        gone.add(part)
      }
      const freedMiB = ownBefore - ownMiB()
      return { freedBytes: freedMiB * MIB, usedBytes: (totalMiB - freeMiB - freedMiB) * MIB }
    },
    regain: async (part) => {
      if (!gone.has(part)) return
      const mib = part === 'weights' ? mibOf(parts.weightsBytes) : kvMiB
      if (mib > 0 && (await take(mib, part)) === null) throw new Error(NOT_MAPPED)
      gone.delete(part)
    },
  }
}

// --- Internal helpers ---

/** csrc/cumem_allocator.cpp. */
const NOT_MAPPED = 'CUDA Error: out of memory at /workspace/csrc/cumem_allocator.cpp:163'

const ILLEGAL_ACCESS = 'torch.AcceleratorError: CUDA error: an illegal memory access was encountered'

const mibOf = (bytes: number): number => Math.ceil(bytes / MIB)
