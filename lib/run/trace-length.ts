import { open } from 'node:fs/promises'
import { z } from 'zod'

/** Formats that k6/x/llm replays, by the names of their time (tools/k6/llm/arrivals knows the rest). */
const Row = z.union([
  // From the zero of the load.
  z.looseObject({ at: z.number() }).transform(({ at }) => ({ ms: at, fromFirst: false })),
  z.looseObject({ timestamp: z.number() }).transform(({ timestamp }) => ({ ms: timestamp, fromFirst: true })),
])

/** CSV files by their columns, that of the time first. */
const TABLES = [
  ['TIMESTAMP', 'ContextTokens', 'GeneratedTokens'], // Azure
  ['Timestamp', 'Request tokens', 'Response tokens'], // BurstGPT
] as const

const ENDS_BYTES = 65_536

/** Milliseconds from the zero to the last arrival of a trace file, whose rows are in order; null where it is no such file. */
export const traceLength = async (path: string): Promise<number | null> => {
  const { head, tail } = await endsOf(path)
  const [header = '', second = ''] = head.split(/\r?\n/)
  const last = tail.trimEnd().split(/\r?\n/).at(-1) ?? ''
  if (header.trimStart().startsWith('{')) {
    const [first, end] = [parseRow(header), parseRow(last)]
    if (first === null || end === null) return null
    return end.ms - (first.fromFirst ? first.ms : 0)
  }
  const names = header.split(',').map((name) => name.replace(/^\uFEFF/, ''))
  const known = TABLES.find((columns) => columns.every((name) => names.includes(name)))
  if (known === undefined) return null
  const column = names.indexOf(known[0])
  const [first, end] = [second, last].map((line) => csvTime(line.split(',')[column] ?? ''))
  return first == null || end == null ? null : end - first
}

// --- Internal helpers ---

const endsOf = async (path: string): Promise<{ head: string; tail: string }> => {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const read = async (position: number): Promise<string> => {
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(ENDS_BYTES), position })
      return buffer.toString('utf8', 0, bytesRead)
    }
    return { head: await read(0), tail: await read(Math.max(0, size - ENDS_BYTES)) }
  } finally {
    await file.close()
  }
}

const parseRow = (line: string): z.infer<typeof Row> | null => {
  try {
    return Row.safeParse(JSON.parse(line.replace(/^\uFEFF/, ''))).data ?? null
  } catch {
    return null
  }
}

/** Seconds, or a time of day without a zone, which is then UTC. */
const csvTime = (text: string): number | null => {
  const seconds = text.trim() === '' ? Number.NaN : Number(text)
  if (Number.isFinite(seconds)) return seconds * 1_000
  const iso = text.trim().replace(' ', 'T')
  const at = Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(iso) ? iso : `${iso}Z`)
  return Number.isNaN(at) ? null : at
}
