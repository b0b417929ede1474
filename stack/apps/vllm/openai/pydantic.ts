import { ApiError } from './error.ts'

/** One entry of vLLM's answer to a body that does not fit its pydantic model. */
interface Issue {
  type: string
  loc: string
  msg: string
  input: string
  ctx?: string
}

/** vLLM shows so many, and so much of each. */
const MOST_ISSUES = 10
const MOST_CHARS = 200

/** Reads fields as pydantic's lax mode does (`"5"` is an integer, `"yes"` is true), and words what is wrong as it does. */
export interface Fields {
  int(name: string): number | null
  float(name: string): number | null
  bool(name: string): boolean | null
  text(name: string): string | null
  /** The field as it came; undefined where it is missing. */
  raw(name: string): unknown
  /** Notes that a field has to be there. */
  missing(path: string): void
  /** Notes an issue under this field's path. */
  refuse(path: string, issue: Omit<Issue, 'loc' | 'input'>, input: unknown): void
  /** Throws the 400 of all issues, if there are any. */
  done(): void
}

/** `where` is what the paths begin with: `body` or `query`. */
export const readFields = (value: unknown, where = 'body'): Fields => {
  const issues: Issue[] = []
  const refuse = (loc: string, issue: Omit<Issue, 'loc' | 'input'>, input: unknown): void =>
    void issues.push({ ...issue, loc, input: summary(input) })
  if (!isRecord(value)) {
    const missing = value === null || value === undefined
    const msg = missing ? 'Field required' : 'Input should be a valid dictionary or object to extract fields from'
    refuse(where, { type: missing ? 'missing' : 'model_attributes_type', msg }, value ?? null)
    throw invalid(issues)
  }
  const read =
    <T>(convert: Convert<T>) =>
    (name: string): T | null => {
      const given = value[name]
      if (given === undefined || given === null) return null
      const converted = convert(given)
      if (converted.ok) return converted.value
      refuse(`${where}.${name}`, converted, given)
      return null
    }
  return {
    int: read(toInt),
    float: read(toFloat),
    bool: read(toBool),
    text: read((given) =>
      typeof given === 'string' ? good(given) : bad('string_type', 'Input should be a valid string'),
    ),
    raw: (name) => value[name],
    missing: (path) => refuse(`${where}.${path}`, { type: 'missing', msg: 'Field required' }, value),
    refuse: (path, issue, input) => refuse(`${where}.${path}`, issue, input),
    done: () => {
      if (issues.length > 0) throw invalid(issues)
    },
  }
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A body that was refused before any field was read. */
export const bodyError = (type: string, loc: string, msg: string, input: unknown, error?: string): ApiError =>
  invalid([
    { type, loc, msg, input: summary(input), ...(error === undefined ? {} : { ctx: `{'error': ${repr(error)}}` }) },
  ])

/** A string as Python's repr writes it. */
export const repr = (text: string): string => {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote
}

// --- Internal helpers ---

type Converted<T> = { ok: true; value: T } | { ok: false; type: string; msg: string }
type Convert<T> = (given: unknown) => Converted<T>

const good = <T>(value: T): Converted<T> => ({ ok: true, value })
const bad = (type: string, msg: string): Converted<never> => ({ ok: false, type, msg })

const toInt: Convert<number> = (given) => {
  if (typeof given === 'boolean') return good(Number(given))
  if (typeof given === 'number') {
    if (Number.isInteger(given)) return good(given)
    return bad('int_from_float', 'Input should be a valid integer, got a number with a fractional part')
  }
  if (typeof given !== 'string') return bad('int_type', 'Input should be a valid integer')
  if (/^\s*[+-]?\d+(\.0*)?\s*$/.test(given)) return good(Number(given))
  return bad('int_parsing', 'Input should be a valid integer, unable to parse string as an integer')
}

const toFloat: Convert<number> = (given) => {
  if (typeof given === 'boolean') return good(Number(given))
  if (typeof given === 'number') return good(given)
  if (typeof given !== 'string') return bad('float_type', 'Input should be a valid number')
  if (given.trim() !== '' && !Number.isNaN(Number(given))) return good(Number(given))
  return bad('float_parsing', 'Input should be a valid number, unable to parse string as a number')
}

const TRUE = new Set(['1', 'true', 'on', 'yes', 't', 'y'])
const FALSE = new Set(['0', 'false', 'off', 'no', 'f', 'n'])

const toBool: Convert<boolean> = (given) => {
  if (typeof given === 'boolean') return good(given)
  const text = typeof given === 'string' || typeof given === 'number' ? String(given).toLowerCase() : null
  if (text === null) return bad('bool_type', 'Input should be a valid boolean')
  if (TRUE.has(text)) return good(true)
  if (FALSE.has(text)) return good(false)
  return bad('bool_parsing', 'Input should be a valid boolean, unable to interpret input')
}

/** A stand-in of bounded size: containers are described, long texts cut. */
const summary = (value: unknown): string => {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (Array.isArray(value)) return `<list of ${value.length} items>`
  if (typeof value === 'object') return `<dict of ${Object.keys(value).length} items>`
  const text = String(value)
  return text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS)}...[truncated]` : text
}

const invalid = (issues: readonly Issue[]): ApiError => {
  const label = issues.length === 1 ? 'error' : 'errors'
  const lines = issues
    .slice(0, MOST_ISSUES)
    .map(
      ({ type, loc, msg, input, ctx }) =>
        `  {'type': ${repr(type)}, 'loc': ${repr(loc)}, 'msg': ${repr(msg)}, 'input': ${repr(input)}` +
        `${ctx === undefined ? '' : `, 'ctx': ${ctx}`}}\n`,
    )
  const more = issues.length - lines.length
  const rest = more > 0 ? `  ...and ${more} more ${label}\n` : ''
  const message = `${issues.length} validation ${label}:\n${lines.join('')}${rest}`.trimEnd()
  return new ApiError(400, 'Bad Request', message, issues[0]?.loc ?? null)
}
