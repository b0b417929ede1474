// Made by scripts/generate.ts: npm run generate
import type { AnyFault } from '../../lib/core/fault.ts'
import featureFlag from './feature-flag.ts'
import gpuMemoryPressure from './gpu-memory-pressure.ts'
import podKill from './pod-kill.ts'

export const FAULTS: readonly AnyFault[] = [featureFlag, gpuMemoryPressure, podKill]
