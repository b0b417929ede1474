import type { Family } from './family.ts'

/** prometheus_client's process collector: true values of the emulator's own process. */
export const PROCESS_FAMILIES: readonly Family[] = [
  {
    name: 'process_virtual_memory_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Virtual memory size in bytes.',
    labels: [],
  },
  {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'Resident memory size in bytes.',
    labels: [],
  },
  {
    name: 'process_start_time_seconds',
    type: 'gauge',
    unit: 'timestamp',
    help: 'Start time of the process since unix epoch in seconds.',
    labels: [],
  },
  {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    unit: 'seconds',
    help: 'Total user and system CPU time spent in seconds.',
    labels: [],
  },
  {
    name: 'process_open_fds',
    type: 'gauge',
    unit: 'count',
    help: 'Number of open file descriptors.',
    labels: [],
  },
  {
    name: 'process_max_fds',
    type: 'gauge',
    unit: 'count',
    help: 'Maximum number of open file descriptors.',
    labels: [],
  },
]
