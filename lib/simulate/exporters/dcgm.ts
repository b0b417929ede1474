import { createHash } from 'node:crypto'
import type { Ledger } from '../../../stack/apps/gpu-emulator/ledger.ts'
import { createDeviceState, renderDcgm } from '../../../stack/apps/gpu-emulator/metrics.ts'
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
  /** By their text, so that a series keeps its labels object. */
  const known = new Map<string, Labels>()
  const labelsOf = (text: string): Labels => {
    const labels =
      known.get(text) ?? Object.fromEntries([...text.matchAll(LABEL)].map(([, name, value]) => [name, value]))
    known.set(text, labels)
    return labels
  }
  const families = [...renderDcgm(ledger, device, state, now()).matchAll(/^# TYPE (\S+)/gm)].map(
    ([, name = '']) => name,
  )
  let text = ''
  let samples: [name: string, labels: Labels, value: number][] = []
  return {
    families,
    visit: (visitor) => {
      const current = renderDcgm(ledger, device, state, now())
      if (current !== text)
        samples = [...current.matchAll(SAMPLE)].map(([, name = '', of = '', value]) => [
          name,
          labelsOf(of),
          Number(value),
        ])
      text = current
      for (const [name, labels, value] of samples) visitor(name, labels, value)
    },
  }
}

// --- Internal helpers ---

const SAMPLE = /^(\w+)\{(.*)\} (\S+)$/gm
const LABEL = /(\w+)="([^"]*)"/g
