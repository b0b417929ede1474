import { setTimeout as delay } from 'node:timers/promises'
import { allocateGpuMemory, type Holder, readGpuMemory } from '../gpu-emulator/client.ts'

export interface HogOptions {
  url: string
  holder: Holder
  /** MiB wanted in the end. */
  mib: number
  signal: AbortSignal
  onProgress(heldMiB: number, freeMiB: number): void
  onError(error: unknown): void
}

export interface Hog {
  heldMiB(): number
  /** True once it holds something, or has seen that nothing was free. */
  tried(): boolean
  /** Resolves when the signal came and everything is given back. */
  done: Promise<void>
}

const RETRY_MS = 100

/** Takes whatever is free, up to what it wants, and tries again every 100 ms: freed memory goes to who asks first. */
export const startHog = ({ url, holder, mib, signal, onProgress, onError }: HogOptions): Hog => {
  const releases = new Map<() => void, number>()
  let tried = false
  const held = (): number => {
    let sum = 0
    for (const part of releases.values()) sum += part
    return sum
  }
  const grow = async (): Promise<void> => {
    const { freeMiB } = await readGpuMemory(url)
    const want = Math.min(freeMiB, mib - held())
    tried = true
    if (want <= 0) return
    const allocation = await allocateGpuMemory(url, holder, want)
    if (!allocation.ok) return
    releases.set(allocation.release, want)
    void allocation.lost.then(() => releases.delete(allocation.release))
    if (signal.aborted) allocation.release()
    onProgress(held(), freeMiB - want)
  }
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        if (held() < mib) await grow()
      } catch (error) {
        onError(error)
      }
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined)
    }
    for (const release of releases.keys()) release()
  }
  return { heldMiB: held, tried: () => tried, done: run() }
}
