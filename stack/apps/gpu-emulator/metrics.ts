import type { Holder } from './client.ts'
import type { Ledger } from './ledger.ts'

export interface Device {
  uuid: string
  model: string
  /** The node's name. */
  hostname: string
  /** Framebuffer that the driver keeps for itself: part of no holder's memory. */
  reservedMiB: number
  idleWatts: number
  maxWatts: number
}

const DRIVER_VERSION = '580.95.05'

/**
 * dcgm-exporter's page (etc/default-counters.csv) for one device: memory from the ledger, utilisation as the holders report it.
 * Temperature, power and clock are a plain function of utilisation: synthetic, and moving with the load all the same.
 */
export const renderDcgm = (ledger: Ledger, device: Device, now: number): string => {
  const labels = labelText(dcgmLabels(device, ledger.owner()))
  return dcgmGauges(ledger, device, now)
    .map(([name, help, value]) => `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name}${labels} ${value}\n`)
    .join('')
}

export const dcgmGauges = (
  ledger: Ledger,
  device: Device,
  now: number,
): [name: string, help: string, value: number][] => {
  const busy = ledger.busy(now)
  return [
    ['DCGM_FI_DEV_SM_CLOCK', 'SM clock frequency (in MHz).', busy > 0 ? 1_980 : 345],
    ['DCGM_FI_DEV_GPU_TEMP', 'GPU temperature (in C).', Math.round(31 + 34 * busy)],
    ['DCGM_FI_DEV_POWER_USAGE', 'Power draw (in W).', device.idleWatts + (device.maxWatts - device.idleWatts) * busy],
    ['DCGM_FI_DEV_GPU_UTIL', 'GPU utilization (in %).', Math.round(busy * 100)],
    // Decoding is bound by memory: the copy engine's share follows the busy share at about half.
    ['DCGM_FI_DEV_MEM_COPY_UTIL', 'Memory utilization (in %).', Math.round(busy * 55)],
    ['DCGM_FI_DEV_XID_ERRORS', 'Value of the last XID error encountered.', 0],
    ['DCGM_FI_DEV_FB_FREE', 'Framebuffer memory free (in MiB).', ledger.freeMiB()],
    ['DCGM_FI_DEV_FB_USED', 'Framebuffer memory used (in MiB).', ledger.usedMiB()],
    ['DCGM_FI_DEV_FB_RESERVED', 'Framebuffer memory reserved (in MiB).', device.reservedMiB],
  ]
}

/** dcgm-exporter with --kubernetes names the pod that owns the device; without one the three labels are left out. */
export const dcgmLabels = ({ uuid, model, hostname }: Device, owner: Holder | null): Record<string, string> => {
  const [namespace = '', pod = ''] = owner?.pod.split('/') ?? []
  return {
    gpu: '0',
    UUID: uuid,
    pci_bus_id: '00000000:3B:00.0',
    device: 'nvidia0',
    modelName: model,
    Hostname: hostname,
    DCGM_FI_DRIVER_VERSION: DRIVER_VERSION,
    ...(owner === null ? {} : { container: owner.container ?? '', namespace, pod }),
  }
}

// --- Internal helpers ---

const labelText = (labels: Readonly<Record<string, string>>): string =>
  `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',')}}`
