// Made by scripts/generate.ts: npm run generate
import type { FaultRegistry } from '../../lib/core/fault.ts'
import featureFlag from './feature-flag.ts'
import gpuMemoryPressure from './gpu-memory-pressure.ts'
import podKill from './pod-kill.ts'

export const faults: FaultRegistry = {
  'feature-flag': featureFlag,
  'gpu-memory-pressure': gpuMemoryPressure,
  'pod-kill': podKill,
}
