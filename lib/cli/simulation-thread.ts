import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'

/** Of a thread's young generation: two halves and as much again for what is large. */
const YOUNG_MIB = 256

/**
 * A thread that plays incidents one after the other. What is under way should die young: with V8's own 16 MiB the collector copies
 * it again and again, and it takes a large half back where little happens for a moment. Each thread has a core to itself, so
 * that threads which help the collector only take it from others.
 */
export const startSimulationThread = (program: URL, workerData: unknown): Worker => {
  // Read when a thread's heap is made.
  setFlagsFromString(`--min-semi-space-size=${Math.floor(YOUNG_MIB / 3)}`)
  setFlagsFromString('--no-parallel-scavenge')
  // Where the first incidents' objects lived long, V8 would put later ones among the old at once: dead ones there keep all that they
  // lead to until a full collection, which is nearly everything.
  setFlagsFromString('--no-allocation-site-pretenuring')
  return new Worker(program, { workerData, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB } })
}
