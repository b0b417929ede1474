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
      // Whatever order somebody wrote its labels in, it is the same series.
      let key = name
      for (const label of Object.keys(labels).sort()) key += `\0${label}\0${labels[label] ?? ''}`
      const found = known.get(key)
      if (found !== undefined) return found
      const number = known.size
      known.set(key, number)
      frames.series(number, { __name__: name, ...labels })
      return number
    },
  }
}
