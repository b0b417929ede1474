import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { errorMessage } from '../../core/errors.ts'
import { type LineReader, readJsonLines } from './json-lines.ts'
import { readTable } from './table.ts'

/**
 * Milliseconds from the zero of the load to the last arrival of a trace file. All of it is read, by the rules that k6 has
 * for it (tools/k6/llm/arrivals): when k6 comes to a bad row, the cluster is up. Throws with the line that is wrong.
 */
export const traceLength = async (path: string): Promise<number> => {
  // Anything else could be read once only, or for ever.
  if (!(await stat(path)).isFile()) throw new Error('no regular file')
  const lines = takeLines()
  let rest = ''
  for await (const chunk of createReadStream(path, {
    encoding: 'utf8',
    highWaterMark: 1 << 18,
  }) as AsyncIterable<string>) {
    const parts = chunk.split('\n')
    parts[0] = rest + (parts[0] ?? '')
    rest = parts.pop() ?? ''
    for (const line of parts) lines.take(line)
    if (rest.length > LONGEST_CHARACTERS) lines.take(rest)
  }
  if (rest !== '') lines.take(rest)
  return lines.length()
}

// --- Internal helpers ---

/** Mooncake's rows list a hash for every 512 tokens of the prompt. */
const LONGEST_CHARACTERS = 1 << 24

const takeLines = (): { take(raw: string): void; length(): number } => {
  let reader: LineReader | null = null
  let number = 0
  return {
    take(raw) {
      number += 1
      const line = (number === 1 ? raw.replace(/^\uFEFF/, '') : raw).replace(/\r$/, '')
      if (line === '' && reader === null) return
      atLine(number, () => {
        if (line.length > LONGEST_CHARACTERS)
          throw new Error(`expected a row, found a line longer than ${LONGEST_CHARACTERS >> 20} Mi characters`)
        // The kind shows in the first line.
        reader ??= line.trimStart().startsWith('{') ? readJsonLines() : readTable()
        reader.take(line)
      })
    },
    length() {
      if (reader === null) throw new Error('expected a trace, found an empty file')
      atLine(number, reader.end)
      const length = reader.length()
      if (length === null) throw new Error('expected rows after the header, found none')
      return length
    },
  }
}

const atLine = (number: number, work: () => void): void => {
  try {
    work()
  } catch (error) {
    throw new Error(`line ${number}: ${errorMessage(error)}`, { cause: error })
  }
}
