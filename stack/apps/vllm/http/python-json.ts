/** Where Python's json module (3.12, as in vLLM's images) would stop, and what it would say there: what FastAPI tells of a body that is no JSON. */
export interface JsonError {
  position: number
  message: string
}

/** The first error of a text that JSON.parse refused. */
export const pythonJsonError = (text: string): JsonError => {
  try {
    const end = skip(text, value(text, skip(text, 0)))
    return { position: end, message: 'Extra data' }
  } catch (error) {
    if (error instanceof Stop) return { position: error.position, message: error.message }
    throw error
  }
}

// --- Internal helpers ---

class Stop extends Error {
  readonly position: number
  constructor(message: string, position: number) {
    super(message)
    this.position = position
  }
}

const SPACE = /[ \t\n\r]*/y
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|NaN|-?Infinity/y
/** A body nested deeper than this is refused anyway; the parser must not run out of stack. */
const DEEPEST = 1_000

const match = (pattern: RegExp, text: string, at: number): number => {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : -1
}

const skip = (text: string, at: number): number => match(SPACE, text, at)

/** The end of the value that begins at `at`. */
const value = (text: string, at: number, depth = 0): number => {
  if (depth > DEEPEST) throw new Stop('Expecting value', at)
  const first = text[at]
  if (first === '"') return string(text, at)
  if (first === '{') return members(text, at, depth, '}')
  if (first === '[') return members(text, at, depth, ']')
  const end = match(SCALAR, text, at)
  if (end <= at) throw new Stop('Expecting value', at)
  return end
}

const members = (text: string, start: number, depth: number, close: '}' | ']'): number => {
  let at = skip(text, start + 1)
  if (text[at] === close) return at + 1
  for (;;) {
    if (close === '}') {
      if (text[at] !== '"') throw new Stop('Expecting property name enclosed in double quotes', at)
      at = skip(text, string(text, at))
      if (text[at] !== ':') throw new Stop("Expecting ':' delimiter", at)
      at = skip(text, at + 1)
    }
    at = skip(text, value(text, at, depth + 1))
    if (text[at] === close) return at + 1
    if (text[at] !== ',') throw new Stop("Expecting ',' delimiter", at)
    at = skip(text, at + 1)
  }
}

const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

const string = (text: string, start: number): number => {
  for (let at = start + 1; ; at++) {
    const char = text[at]
    if (char === undefined) throw new Stop('Unterminated string starting at', start)
    if (char === '"') return at + 1
    if (char < ' ') throw new Stop('Invalid control character at', at)
    if (char !== '\\') continue
    const end = match(ESCAPE, text, at)
    if (end === -1 && text[at + 1] === 'u') throw new Stop('Invalid \\uXXXX escape', at + 1)
    if (end === -1) throw new Stop('Invalid \\escape', at)
    at = end - 1
  }
}
