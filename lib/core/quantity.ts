const SUFFIXES: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

/** A Kubernetes quantity as a number in its base unit (cores, bytes), or null where it is not one. */
export const parseQuantity = (text: string): number | null => {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d+)|([a-zA-Z]{0,2}))$/.exec(text.trim())
  if (match === null) return null
  const [, number = '', exponent, suffix = ''] = match
  if (exponent !== undefined) return Number(`${number}e${exponent}`)
  const factor = SUFFIXES[suffix]
  return factor === undefined ? null : Number(number) * factor
}
