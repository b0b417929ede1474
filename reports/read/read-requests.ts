import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import type { GapHistogram } from '../../lib/core/gap-histogram.ts'
import { ABSENT_IN_OLD_ROWS, RequestRecord, type RequestRow, RUN_FILES } from '../../lib/core/run-folder.ts'
import { readParquetBatches } from '../../lib/parquet/read.ts'
import { gapSum } from './gaps.ts'
import { describeError, missingReason, type PartReader } from './read-text.ts'

export interface Requests {
  requests: RequestRow[] | null
  /** Of all requests together. */
  gaps: GapHistogram
}

/** Request records from the Parquet file, or from k6's spool where nobody has packed it yet. */
export const readRequests = async (reader: PartReader): Promise<Requests> => {
  const path = join(reader.dir, RUN_FILES.requests)
  const isPacked = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  )
  const requests: RequestRow[] = []
  const sum = gapSum()
  const take = ({ gaps, ...row }: RequestRecord): void => {
    requests.push(row)
    sum.add(gaps)
  }
  const isRead = isPacked ? await readPacked(reader, path, take) : await readSpool(reader, take)
  return { requests: isRead ? requests : null, gaps: sum.histogram() }
}

// --- Internal helpers ---

const COLUMNS = Object.keys(RequestRecord.shape)

/** Rows of older versions have fewer columns. */
const Stored = z.preprocess((row) => (typeof row === 'object' ? { ...ABSENT_IN_OLD_ROWS, ...row } : row), RequestRecord)

const readPacked = async (
  reader: PartReader,
  path: string,
  take: (record: RequestRecord) => void,
): Promise<boolean> => {
  try {
    for await (const rows of readParquetBatches(path, COLUMNS)) for (const row of rows) take(Stored.parse(row))
    return true
  } catch (error) {
    reader.problems.push({ file: RUN_FILES.requests, kind: 'torn', reason: describeError(error) })
    return false
  }
}

const readSpool = async (reader: PartReader, take: (record: RequestRecord) => void): Promise<boolean> => {
  const file = RUN_FILES.requestSpool
  const bad: string[] = []
  let number = 0
  try {
    for await (const line of createInterface({ input: createReadStream(join(reader.dir, file)) })) {
      number += 1
      if (line.trim() === '') continue
      try {
        take(Stored.parse(JSON.parse(line)))
      } catch (error) {
        bad.push(`line ${number}: ${describeError(error)}`)
      }
    }
  } catch (error) {
    reader.problems.push({ file, kind: 'missing', reason: missingReason(error) })
    return false
  }
  const [first] = bad
  const lines = bad.length === 1 ? '1 line is unreadable' : `${bad.length} lines are unreadable`
  if (first !== undefined) reader.problems.push({ file, kind: 'torn', reason: `${lines}, ${first}` })
  return true
}
