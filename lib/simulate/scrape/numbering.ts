import type { FrameWriter } from '../prometheus/frames.ts'

export interface Numbering {
  /** The number of a series, which the simulated Prometheus is told at first; null where nobody wants the metric. */
  of(name: string, labels: Readonly<Record<string, string>>): number | null
}

/** Series get numbers in the order in which they are first seen. */
export const createNumbering = (
  frames: Pick<FrameWriter, 'series'>,
  wanted: (metric: string) => boolean,
): Numbering => {
  const known = new Map<string, number>()
  return {
    of: (name, labels) => {
      if (!wanted(name)) return null
      const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : Number(a > b)))
      const key = JSON.stringify([name, sorted])
      const found = known.get(key)
      if (found !== undefined) return found
      const number = known.size
      known.set(key, number)
      frames.series(number, { __name__: name, ...Object.fromEntries(sorted) })
      return number
    },
  }
}
