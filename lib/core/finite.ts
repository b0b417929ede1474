/** What JSON can hold of a sample: infinities become the largest numbers, NaN becomes 0. */
export const finite = (value: number): number =>
  Number.isNaN(value) ? 0 : Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, value))
