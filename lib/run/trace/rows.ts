/** Where a trace has come to, as its rows are taken one after the other. */
export interface Rows {
  /** A row at that time of the file's clock, in milliseconds. Throws where this row may not have it. */
  take(at: number): void
  /** Milliseconds from the zero of the load to the last row; null before the first. */
  length(): number | null
}

/** `fromFirst` is for files whose clock does not start with the load. */
export const countRows = (fromFirst: boolean): Rows => {
  let zero = 0
  let last: number | null = null
  return {
    take(at) {
      if (last === null && fromFirst) zero = at
      const offset = at - zero
      if (last !== null && at < last)
        throw new Error(
          `expected rows in the order of time, found one ${(last - at).toFixed(3)} ms earlier than the row before: sort the trace`,
        )
      if (!(offset >= 0 && offset <= LONGEST_MS))
        throw new Error(`expected a time within a year of the trace’s start, found ${offset} ms`)
      last = at
    },
    length: () => (last === null ? null : last - zero),
  }
}

export const isTokenCount = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= MOST_TOKENS

/** Keeps a message short. */
export const cut = (text: string): string => (text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)}…`)

// --- Internal helpers ---

/** A year: what lies beyond is a time of day where a time of the run was meant. */
const LONGEST_MS = 366 * 24 * 3_600_000
const MOST_TOKENS = 2 ** 31 - 1
const MOST_SHOWN = 80
