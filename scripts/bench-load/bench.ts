import type { Load } from '../../lib/k6/calibration/client.ts'
import { measure, type Measurement, type MeasureOptions } from '../../lib/k6/calibration/measure.ts'
import type { Emission } from '../../lib/k6/calibration/server.ts'
import { toolPath } from '../../lib/toolchain/tools.mjs'

/** 64 tokens at 25 a second: what the other tools of the comparison were measured with. */
export const EMISSION: Omit<Emission, 'phase'> = { firstMs: 200, intervalMs: 40, tokens: 64 }
export const STEADY_SECONDS = 8

export interface Bench {
  /** The client on one core, the server on the other. */
  measure(options: Pick<MeasureOptions, 'client' | 'emission' | 'load'> & Partial<MeasureOptions>): Promise<Measurement>
  /** A closed loop; the same one is measured once. */
  closed(client: MeasureOptions['client'], streams: number, phase: Emission['phase']): Promise<Measurement>
}

export const makeBench = (say: (text: string) => void, signal: AbortSignal): Bench => {
  const known = new Map<string, Promise<Measurement>>()
  const bench: Bench = {
    measure: (options) => {
      say(`${options.client}, ${describe(options.load)}, ${options.emission.phase}`)
      return measure({
        tools: { k6: toolPath('k6'), calibration: toolPath('calibration') },
        steadySeconds: STEADY_SECONDS,
        pin: { client: 0, server: 1 },
        signal,
        ...options,
      })
    },
    closed: (client, streams, phase) => {
      const key = `${client} ${streams} ${phase}`
      const found = known.get(key)
      if (found !== undefined) return found
      const measured = bench.measure({ client, emission: { ...EMISSION, phase }, load: { mode: 'closed', streams } })
      known.set(key, measured)
      return measured
    },
  }
  return bench
}

// --- Internal helpers ---

const describe = (load: Load): string =>
  load.mode === 'closed' ? `${load.streams} users` : `${load.process} ${load.rate}/s`
