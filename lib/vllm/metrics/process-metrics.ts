import { createMetricSet } from './metric-set.ts'
import { PROCESS_FAMILIES } from './process-families.ts'

export interface ProcessFacts {
  virtualBytes: number
  residentBytes: number
  /** Seconds since the epoch. */
  startedAt: number
  cpuSeconds: number
  openFds: number
  maxFds: number
}

export const renderProcessMetrics = (facts: ProcessFacts): string => {
  const set = createMetricSet({ families: PROCESS_FAMILIES, now: () => 0 })
  const values: Record<string, number> = {
    process_virtual_memory_bytes: facts.virtualBytes,
    process_resident_memory_bytes: facts.residentBytes,
    process_start_time_seconds: facts.startedAt,
    process_cpu_seconds_total: facts.cpuSeconds,
    process_open_fds: facts.openFds,
    process_max_fds: facts.maxFds,
  }
  for (const [name, value] of Object.entries(values)) set.scalar(name, {}).value = value
  return set.render()
}
