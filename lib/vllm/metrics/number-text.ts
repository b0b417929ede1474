/**
 * A number as Python's prometheus_client writes it (floatToGoString): `1.0`, `0.3`, `+Inf`, and seven digits or more before the
 * point as `1.7953108652885494e+09`.
 */
export const numberText = (value: number): string => {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  if (Number.isNaN(value)) return 'NaN'
  const text = pythonRepr(value)
  const point = text.indexOf('.')
  if (value <= 0 || point <= 6) return text
  const mantissa = `${text[0]}.${text.slice(1, point)}${text.slice(point + 1)}`.replace(/[0.]+$/, '')
  return `${mantissa}e+0${point - 1}`
}

// --- Internal helpers ---

const pythonRepr = (value: number): string => {
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
  }
  const text = String(value)
  return text.includes('.') ? text : `${text}.0`
}
