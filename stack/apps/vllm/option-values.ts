import type { Kind } from './serve-options.ts'

/** What argparse says of a value that the option's type does not take; null where it does. */
export const wrongValue = (kind: Kind, value: string): string | null => {
  switch (kind) {
    case 'int':
      return INTEGER.test(value) ? null : `invalid int value: '${value}'`
    case 'float':
      return isFloat(value) ? null : `invalid float value: '${value}'`
    case 'size':
      return wrongSize(value, `invalid human_readable_int value: '${value}'`)
    case 'length':
      return isAuto(value) ? null : wrongSize(value, `invalid human_readable_int_or_auto value: '${value}'`)
    case 'optional-int':
      return isNone(value) || INTEGER.test(value) ? null : `Value ${value} cannot be converted to <class 'int'>.`
    case 'optional-float':
      return isNone(value) || isFloat(value) ? null : `Value ${value} cannot be converted to <class 'float'>.`
    case 'optional-size':
      return isNone(value) ? null : wrongSize(value, `Value ${value} cannot be converted to human_readable_int.`)
    case 'flag':
    case 'switch':
    case 'list':
    case 'maybe':
    case 'text':
      return null
  }
}

/** The number that a value stands for: `16k` is 16,000, `16K` is 16,384; null for `None`. */
export const numberOf = (value: string): number | null => {
  if (isNone(value)) return null
  const [, digits = value, suffix = ''] = SIZE.exec(value) ?? []
  return suffix === '' ? Number(value) : Math.trunc(Number(digits) * (SUFFIXES[suffix] ?? 1))
}

/** `-1` and `auto`: as long as the memory allows. */
export const isAuto = (value: string): boolean => value === '-1' || value.toLowerCase() === 'auto'

// --- Internal helpers ---

const INTEGER = /^[+-]?\d+$/
const SIZE = /^(\d+(?:\.\d+)?)([kKmMgGtT])$/
const SUFFIXES: Readonly<Record<string, number>> = {
  k: 1e3,
  K: 2 ** 10,
  m: 1e6,
  M: 2 ** 20,
  g: 1e9,
  G: 2 ** 30,
  t: 1e12,
  T: 2 ** 40,
}

const isNone = (value: string): boolean => value === '' || value === 'None'

const isFloat = (value: string): boolean => value.trim() !== '' && Number.isFinite(Number(value))

const wrongSize = (value: string, otherwise: string): string | null => {
  const [, digits, suffix = ''] = SIZE.exec(value) ?? []
  if (digits === undefined) return INTEGER.test(value) ? null : otherwise
  if (!digits.includes('.') || suffix === suffix.toLowerCase()) return null
  const meant = `${digits}${suffix.toLowerCase()}`
  return `Decimals are not allowed with binary suffixes like ${suffix}. Did you mean to use ${meant} instead?`
}
