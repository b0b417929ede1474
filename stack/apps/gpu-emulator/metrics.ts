import type { Holder } from './client.ts'
import { createInjections, FIELDS, type Injections } from './injections.ts'
import type { Ledger } from './ledger.ts'
import { createPower, type Power, type PowerRating } from './power.ts'

export interface Device extends PowerRating {
  uuid: string
  model: string
  /** The node's name. */
  hostname: string
  /** Framebuffer that the driver keeps for itself: part of no holder's memory. */
  reservedMiB: number
}

/** What changes on a device, besides its memory. */
export interface DeviceState {
  power: Power
  injections: Injections
}

export const createDeviceState = (rating: PowerRating): DeviceState => ({
  power: createPower(rating),
  injections: createInjections(),
})

export type GaugeVisitor = (name: string, help: string, value: number) => void

const DRIVER_VERSION = '580.95.05'
const FULL_CLOCK_MHZ = 1_980
const IDLE_CLOCK_MHZ = 345

/**
 * dcgm-exporter's page (etc/default-counters.csv) for one device: memory from the ledger, utilisation as the holders report it.
 * Temperature, power and clock are a plain function of utilisation and power limit: synthetic, and moving with the load all the same.
 */
export const renderDcgm = (ledger: Ledger, device: Device, state: DeviceState, now: number): string => {
  const labels = labelText(dcgmLabels(device, ledger.owner()))
  let page = ''
  visitDcgm(ledger, device, state, now, (name, help, value) => {
    page += `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name}${labels} ${value}\n`
  })
  return page
}

/** What is on the page: as measured, but for what somebody injected. */
export const visitDcgm = (
  ledger: Ledger,
  { reservedMiB }: Device,
  { power, injections }: DeviceState,
  now: number,
  visitor: GaugeVisitor,
): void => {
  const busy = ledger.busy(now)
  const clock = busy > 0 ? Math.round(FULL_CLOCK_MHZ * power.speed()) : IDLE_CLOCK_MHZ
  const gauge = (name: string, help: string, measured: number): void =>
    visitor(name, help, injections.value(FIELDS[name] ?? 0, now) ?? measured)
  gauge('DCGM_FI_DEV_SM_CLOCK', 'SM clock frequency (in MHz).', clock)
  gauge('DCGM_FI_DEV_GPU_TEMP', 'GPU temperature (in C).', Math.round(31 + 34 * busy))
  gauge('DCGM_FI_DEV_POWER_USAGE', 'Power draw (in W).', power.drawn(busy))
  gauge('DCGM_FI_DEV_GPU_UTIL', 'GPU utilization (in %).', Math.round(busy * 100))
  // Decoding is bound by memory: the copy engine's share follows the busy share at about half.
  gauge('DCGM_FI_DEV_MEM_COPY_UTIL', 'Memory utilization (in %).', Math.round(busy * 55))
  gauge('DCGM_FI_DEV_XID_ERRORS', 'Value of the last XID error encountered.', 0)
  gauge('DCGM_FI_DEV_FB_FREE', 'Framebuffer memory free (in MiB).', ledger.freeMiB())
  gauge('DCGM_FI_DEV_FB_USED', 'Framebuffer memory used (in MiB).', ledger.usedMiB())
  gauge('DCGM_FI_DEV_FB_RESERVED', 'Framebuffer memory reserved (in MiB).', reservedMiB)
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
