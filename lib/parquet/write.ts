import { rename } from 'node:fs/promises'
import { parquetWriteFile } from 'hyparquet-writer'

export type ColumnType = 'STRING' | 'INT32' | 'INT64' | 'DOUBLE' | 'BOOLEAN'

export interface Column {
  name: string
  type: ColumnType
  /** One value a row, null where there is none; INT64 takes whole numbers. */
  data: readonly (string | number | boolean | null)[]
}

/** Writes a Parquet file (snappy), whole or not at all. Every column has the same number of rows; none is fine. */
export const writeParquet = async (path: string, columns: readonly Column[]): Promise<void> => {
  const scratch = `${path}.part`
  const columnData = columns.map(({ name, type, data }) => ({ name, type, data: encode(type, data) }))
  parquetWriteFile({ filename: scratch, columnData })
  await rename(scratch, path)
}

// --- Internal helpers ---

const encode = (type: ColumnType, data: Column['data']): unknown[] =>
  type === 'INT64' ? data.map((value) => (typeof value === 'number' ? BigInt(value) : value)) : [...data]
