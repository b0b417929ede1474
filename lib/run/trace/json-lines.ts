import { countRows, cut, isTokenCount, type Rows } from './rows.ts'

/** Takes the lines of a file in their order, each without its end. */
export interface LineReader {
  take(line: string): void
  /** What was open at the file's end. */
  end(): void
  length(): number | null
}

/** Mooncake's rows, or firedrill's own; the kind of the first is that of all. */
export const readJsonLines = (): LineReader => {
  let kind: Kind | null = null
  let rows: Rows = countRows(false)
  return {
    take(line) {
      if (line === '') return
      const fields = parseFields(line)
      if (kind === null) {
        kind = KINDS.find(({ time }) => fields?.has(time) === true) ?? null
        if (kind === null)
          throw new Error(`expected ${KINDS.map(({ example }) => example).join(' or ')}, found ${cut(line)}`)
        rows = countRows(kind.fromFirst)
      }
      const { time, tokens, example } = kind
      const at = fields?.get(time)
      if (at === undefined || !tokens.every((name) => isTokenCount(fields?.get(name) ?? 0)))
        throw new Error(`expected ${example}, found ${cut(line)}`)
      rows.take(at)
    },
    end: () => {},
    length: () => rows.length(),
  }
}

// --- Internal helpers ---

interface Kind {
  time: string
  tokens: readonly string[]
  fromFirst: boolean
  example: string
}

const KINDS: readonly Kind[] = [
  {
    time: 'at',
    tokens: ['prompttokens', 'outputtokens'],
    fromFirst: false,
    example: '{"at": ms, "promptTokens": tokens, "outputTokens": tokens}',
  },
  {
    time: 'timestamp',
    tokens: ['input_length', 'output_length'],
    fromFirst: true,
    example: '{"timestamp": ms, "input_length": tokens, "output_length": tokens} (Mooncake)',
  },
]

const NAMES = new Set(KINDS.flatMap(({ time, tokens }) => [time, ...tokens]))

/** Those that k6 knows, which it does in upper case too; a null is none. Null where the line is no object of such fields. */
const parseFields = (line: string): Map<string, number> | null => {
  const fields = new Map<string, number>()
  try {
    const row: unknown = JSON.parse(line)
    if (typeof row !== 'object' || row === null || Array.isArray(row)) return null
    for (const [key, value] of Object.entries(row)) {
      const name = key.toLowerCase()
      if (!NAMES.has(name) || value === null) continue
      if (typeof value !== 'number') return null
      fields.set(name, value)
    }
    return fields
  } catch {
    return null
  }
}
