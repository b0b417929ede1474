/** One line of the benchmark's table. `info` has no bound of its own. */
export interface Line {
  group: string
  what: string
  bound: string
  measured: string
  /** The measured figure, for whoever reads the JSON. */
  value: number
  state: 'ok' | 'miss' | 'info'
}

export interface Bound {
  what: string
  value: number | null | undefined
  atMost: number
  unit: string
}

/** What was not measured is a miss. */
export const atMost = (group: string, { what, value, atMost: limit, unit }: Bound): Line => ({
  group,
  what,
  bound: `≤ ${limit} ${unit}`.trim(),
  measured: value === null || value === undefined ? 'nothing' : `${figure(value)} ${unit}`.trim(),
  value: value ?? Number.NaN,
  state: value !== null && value !== undefined && value <= limit ? 'ok' : 'miss',
})

export const info = (group: string, what: string, value: number | null | undefined, unit: string): Line => ({
  group,
  what,
  bound: '',
  measured: value === null || value === undefined ? 'nothing' : `${figure(value)} ${unit}`.trim(),
  value: value ?? Number.NaN,
  state: 'info',
})

export const notMeasured = (group: string, why: string): Line => ({
  group,
  what: why,
  bound: 'to be measured',
  measured: 'nothing',
  value: Number.NaN,
  state: 'miss',
})

// --- Internal helpers ---

const figure = (value: number): string =>
  Number.isInteger(value) || Math.abs(value) >= 100
    ? Math.round(value).toLocaleString('en')
    : value.toFixed(Math.abs(value) < 0.1 ? 4 : 2)
