import { createHash } from 'node:crypto'
import type { Holder } from '../../../stack/apps/gpu-emulator/client.ts'
import type { Ledger } from '../../../stack/apps/gpu-emulator/ledger.ts'
import { createDeviceState, dcgmLabels, visitDcgm } from '../../../stack/apps/gpu-emulator/metrics.ts'
import type { Labels, Page } from '../scrape/page.ts'

/** The GPU emulator's own page of one node. */
export const dcgmPage = (ledger: Ledger, node: string, reservedMiB: number, now: () => number): Page => {
  const digest = createHash('sha256').update(node).digest('hex')
  const device = {
    uuid: `GPU-${digest.slice(0, 8)}-${digest.slice(8, 12)}-${digest.slice(12, 16)}-${digest.slice(16, 20)}-${digest.slice(20, 32)}`,
    model: 'NVIDIA H100 80GB HBM3',
    hostname: node,
    reservedMiB,
    idleWatts: 72,
    maxWatts: 700,
    minWatts: 200,
  }
  const state = createDeviceState(device)
  /** By their owner, so that a series keeps its labels object. */
  const known = new Map<string, Labels>()
  const labelsOf = (owner: Holder | null): Labels => {
    const key = owner === null ? '' : `${owner.pod} ${owner.container ?? ''}`
    const labels = known.get(key) ?? dcgmLabels(device, owner)
    known.set(key, labels)
    return labels
  }
  let owner: Holder | null = null
  let labels = labelsOf(owner)
  const families: string[] = []
  visitDcgm(ledger, device, state, now(), (name) => families.push(name))
  return {
    families,
    visit: (visitor) => {
      const current = ledger.owner()
      if (current !== owner) {
        owner = current
        labels = labelsOf(owner)
      }
      visitDcgm(ledger, device, state, now(), (name, _help, value) => visitor(name, labels, value))
    },
  }
}
