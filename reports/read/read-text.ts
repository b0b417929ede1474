import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { errorMessage } from '../../lib/core/errors.ts'
import type { Problem } from './run-data.ts'

/** Reads the parts of one run folder and keeps what went wrong: a missing or torn file is data, never a crash. */
export interface PartReader {
  dir: string
  problems: Problem[]
}

/** The parsed file, or null where it is missing or does not keep the schema. */
export const readJson = async <T>(reader: PartReader, file: string, schema: z.ZodType<T>): Promise<T | null> => {
  const text = await readText(reader, file)
  if (text === null) return null
  try {
    return schema.parse(JSON.parse(text))
  } catch (error) {
    reader.problems.push({ file, kind: 'torn', reason: describeError(error) })
    return null
  }
}

/** The same of a file that not every run has: it may be missing, and nothing else. */
export const readOptional = async <T>(reader: PartReader, file: string, schema: z.ZodType<T>): Promise<T | null> => {
  const own: PartReader = { dir: reader.dir, problems: [] }
  const found = await readJson(own, file, schema)
  reader.problems.push(...own.problems.filter(({ reason }) => reason !== NOT_THERE))
  return found
}

/** The lines that keep the schema; a bad line is counted in `problems` and left out. */
export const readJsonLines = async <T>(reader: PartReader, file: string, schema: z.ZodType<T>): Promise<T[] | null> => {
  const text = await readText(reader, file)
  return text === null ? null : parseLines(reader, file, text, schema)
}

export const readText = async (reader: PartReader, file: string): Promise<string | null> => {
  try {
    return await readFile(join(reader.dir, file), 'utf8')
  } catch (error) {
    reader.problems.push({ file, kind: 'missing', reason: missingReason(error) })
    return null
  }
}

/** One line, whatever was thrown. */
export const describeError = (error: unknown): string =>
  error instanceof z.ZodError ? z.prettifyError(error).replaceAll(/\s*\n\s*/g, ' ') : errorMessage(error)

export const missingReason = (error: unknown): string =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT' ? NOT_THERE : errorMessage(error)

// --- Internal helpers ---

const NOT_THERE = 'not in the run folder'

const parseLines = <T>(reader: PartReader, file: string, text: string, schema: z.ZodType<T>): T[] => {
  const rows: T[] = []
  const bad: string[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    try {
      rows.push(schema.parse(JSON.parse(line)))
    } catch (error) {
      bad.push(`line ${index + 1}: ${describeError(error)}`)
    }
  }
  const [first] = bad
  if (first !== undefined) reader.problems.push({ file, kind: 'torn', reason: `${count(bad.length)}, ${first}` })
  return rows
}

const count = (bad: number): string => (bad === 1 ? '1 line is unreadable' : `${bad} lines are unreadable`)
