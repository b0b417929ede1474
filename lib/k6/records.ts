import { type FileHandle, open, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type FaultWindow, faultDuring } from '../core/fault-window.ts'
import { PackedRequest, RequestRecord, RUN_FILES } from '../core/run-folder.ts'
import { requestColumns } from '../parquet/request-columns.ts'
import { readParquetBatches } from '../parquet/read.ts'
import { type Column, writeParquetGroups } from '../parquet/write.ts'

export interface Packed {
  rows: number
  /** Lines that are no record: at most the last one, which a killed k6 may have torn. */
  bad: number
}

/**
 * Packs k6's spool (a record a line, in the order the requests ended) into load/requests.parquet in the order they
 * started, each with the fault that it met, and removes the spool; lines that are no record are kept in a file of
 * their own. The Parquet file is there whole or not at all, and before the spool goes: whoever was killed on the way
 * can do it again. Null where it was done already. No spool at all, as where k6 never got to a request, is a file of
 * no rows.
 */
export const packRequests = async (dir: string, windows: readonly FaultWindow[]): Promise<Packed | null> => {
  const spool = join(dir, RUN_FILES.requestSpool)
  const parquet = join(dir, RUN_FILES.requests)
  const file = await open(spool).catch(nullWhereMissing)
  if (file === null) {
    if ((await stat(parquet).catch(nullWhereMissing)) !== null) return null
    await writeParquetGroups(parquet, [requestColumns([])])
    return { rows: 0, bad: 0 }
  }
  try {
    const { lines, bad } = await indexLines(file)
    lines.sort((a, b) => a.started - b.started)
    await writeParquetGroups(parquet, groups(file, lines, windows))
    if (bad.length > 0) await writeFile(join(dir, RUN_FILES.tornRequests), bad.map((line) => `${line}\n`).join(''))
    await unlink(spool).catch(nullWhereMissing) // another process may have packed it at the same time
    return { rows: lines.length, bad: bad.length }
  } finally {
    await file.close()
  }
}

/** Tells each request of a packed file once more which fault it met: somebody may have packed it before the faults were on record. */
export const markFaults = async (dir: string, windows: readonly FaultWindow[]): Promise<void> => {
  const parquet = join(dir, RUN_FILES.requests)
  await writeParquetGroups(parquet, marked(parquet, windows))
}

// --- Internal helpers ---

async function* marked(parquet: string, windows: readonly FaultWindow[]): AsyncGenerator<Column[]> {
  // A file of no rows has no group to read, and is written with an empty one.
  yield requestColumns([])
  for await (const rows of readParquetBatches(parquet)) {
    const packed = rows.map((row) => PackedRequest.parse(row))
    yield requestColumns(packed.map((row) => ({ ...row, fault: faultOf(row, windows) })))
  }
}

/** Its own record says which fault made it what it is; of all others the time does. */
const faultOf = (
  { traffic, started, ended }: Omit<PackedRequest, 'fault'>,
  windows: readonly FaultWindow[],
): string | null => traffic?.split(',')[0] ?? faultDuring(windows, started, ended)

/** Where a record stands in the spool. A million of these fit into memory, a million records do not. */
interface Line {
  started: number
  offset: number
  length: number
}

const GROUP_ROWS = 20_000
/** One read takes in lines that are no further apart than this. */
const GAP_BYTES = 65_536
const NEWLINE = 0x0a

const indexLines = async (spool: FileHandle): Promise<{ lines: Line[]; bad: string[] }> => {
  const lines: Line[] = []
  const bad: string[] = []
  let offset = 0
  let rest: Buffer = Buffer.alloc(0)
  const take = (bytes: Buffer): void => {
    const record = bytes.length === 0 ? null : parseRecord(bytes)
    if (record !== null) lines.push({ started: record.started, offset, length: bytes.length })
    else if (bytes.length > 0) bad.push(bytes.toString())
  }
  for await (const chunk of spool.createReadStream({
    highWaterMark: 1 << 20,
    autoClose: false,
    start: 0,
  }) as AsyncIterable<Buffer>) {
    const text = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let from = 0
    for (let end = text.indexOf(NEWLINE); end >= 0; end = text.indexOf(NEWLINE, from)) {
      take(text.subarray(from, end))
      offset += end + 1 - from
      from = end + 1
    }
    rest = text.subarray(from)
  }
  take(rest)
  return { lines, bad }
}

const parseRecord = (bytes: Buffer): RequestRecord | null => {
  try {
    return RequestRecord.safeParse(JSON.parse(bytes.toString())).data ?? null
  } catch {
    return null
  }
}

async function* groups(
  file: FileHandle,
  lines: readonly Line[],
  windows: readonly FaultWindow[],
): AsyncGenerator<Column[]> {
  for (let from = 0; from === 0 || from < lines.length; from += GROUP_ROWS) {
    const rows = await readRows(file, lines.slice(from, from + GROUP_ROWS))
    yield requestColumns(rows.map((row) => ({ ...row, fault: faultOf(row, windows) })))
  }
}

/** The records of these lines, in their order, by few reads: requests end about in the order in which they start. */
const readRows = async (file: FileHandle, lines: readonly Line[]): Promise<Omit<PackedRequest, 'fault'>[]> => {
  const found = new Map<Line, RequestRecord>()
  const byPlace = [...lines].sort((a, b) => a.offset - b.offset)
  for (let from = 0; from < byPlace.length;) {
    let to = from + 1
    while (to < byPlace.length && startOf(byPlace[to]) - endOf(byPlace[to - 1]) < GAP_BYTES) to++
    const run = byPlace.slice(from, to)
    const start = startOf(run[0])
    const bytes = Buffer.alloc(endOf(run.at(-1)) - start)
    await file.read(bytes, 0, bytes.length, start)
    for (const line of run) {
      const text = bytes.toString('utf8', line.offset - start, line.offset - start + line.length)
      found.set(line, JSON.parse(text) as RequestRecord) // checked when it was indexed
    }
    from = to
  }
  return lines.flatMap((line) => found.get(line) ?? [])
}

const startOf = (line: Line | undefined): number => line?.offset ?? 0
const endOf = (line: Line | undefined): number => startOf(line) + (line?.length ?? 0)

const nullWhereMissing = (error: unknown): null => {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
  throw error
}
