import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'

/** JSON columns are parsed. */
export type ParquetValue = string | number | boolean | object | null
export type ParquetRow = Record<string, ParquetValue>

/** All rows, or those of the named columns only. 64-bit integers come as numbers: what firedrill writes fits. */
export const readParquet = async (path: string, columns?: string[]): Promise<ParquetRow[]> => {
  const rows: ParquetRow[] = []
  for await (const batch of readParquetBatches(path, columns)) for (const row of batch) rows.push(row)
  return rows
}

/** The same a row group at a time. Columns that the file does not have are left out. */
export async function* readParquetBatches(path: string, columns?: readonly string[]): AsyncGenerator<ParquetRow[]> {
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file)
  const there = metadata.schema.slice(1).map(({ name }) => name)
  const wanted = columns === undefined ? there : there.filter((name) => columns.includes(name))
  let rowStart = 0
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows)
    const rows = await parquetReadObjects({ file, metadata, columns: wanted, rowStart, rowEnd })
    yield rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])))
    rowStart = rowEnd
  }
}

// --- Internal helpers ---

const plain = (value: unknown): ParquetValue => {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  return typeof value === 'object' ? value : null
}
