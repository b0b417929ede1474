import { readFile, unlink } from 'node:fs/promises'
import { z } from 'zod'
import { RequestRecord } from '../core/run-folder.ts'
import { requestColumns } from '../parquet/request-columns.ts'
import { writeParquet } from '../parquet/write.ts'

export interface Packed {
  rows: number
  /** Lines that are no record: at most the last one, which a killed k6 may have torn. */
  bad: number
}

/**
 * Packs k6's spool (a record a line, in the order the requests ended) into a Parquet file in the order they started,
 * and removes the spool where it held nothing else. No spool, as where k6 never got to a request, is a file of no rows.
 */
export const packRequests = async (spool: string, parquet: string): Promise<Packed> => {
  const text = await readFile(spool, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return null
    throw error
  })
  const records: RequestRecord[] = []
  let bad = 0
  for (const line of (text ?? '').split('\n')) {
    if (line === '') continue
    const record = parseRecord(line)
    if (record === null) bad++
    else records.push(record)
  }
  records.sort((a, b) => a.started - b.started)
  await writeParquet(parquet, requestColumns(records))
  if (text !== null && bad === 0) await unlink(spool)
  return { rows: records.length, bad }
}

// --- Internal helpers ---

const Line = z.string().transform((text, context) => {
  try {
    return JSON.parse(text) as unknown // zod judges it next
  } catch {
    context.addIssue({ code: 'custom', message: 'not JSON' })
    return z.NEVER
  }
})

const parseRecord = (line: string): RequestRecord | null => Line.pipe(RequestRecord).safeParse(line).data ?? null

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'
