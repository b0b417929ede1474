import { randomUUID } from 'node:crypto'
import { rename, rm } from 'node:fs/promises'
import { fileWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer'

export type ColumnType = 'STRING' | 'INT32' | 'INT64' | 'DOUBLE' | 'BOOLEAN' | 'JSON'

export interface Column {
  name: string
  type: ColumnType
  /** One value a row, null where there is none; INT64 takes whole numbers, JSON whatever JSON can say. */
  data: readonly unknown[]
}

/** Writes a Parquet file (snappy), whole or not at all. Every column has the same number of rows; none is fine. */
export const writeParquet = (path: string, columns: readonly Column[]): Promise<void> =>
  writeParquetGroups(path, [columns])

/** The same in groups of rows, each with the same columns: only one of them is in memory at a time. At least one. */
export const writeParquetGroups = async (
  path: string,
  groups: Iterable<readonly Column[]> | AsyncIterable<readonly Column[]>,
): Promise<void> => {
  // Two processes may write the same file: whoever is last wins, with a whole one.
  const scratch = `${path}.${randomUUID()}.part`
  try {
    let file: ParquetWriter | null = null
    for await (const columns of groups) {
      const columnData = columns.map(({ name, type, data }) => ({ name, type, data: encode(type, data) }))
      file ??= new ParquetWriter({ writer: fileWriter(scratch), schema: schemaFromColumnData({ columnData }) })
      // The schema has the types already.
      await file.write({ columnData: columnData.map(({ name, data }) => ({ name, data })), rowGroupSize: MOST_ROWS })
    }
    await file?.finish()
    await rename(scratch, path)
  } catch (error) {
    await rm(scratch, { force: true })
    throw error
  }
}

// --- Internal helpers ---

const MOST_ROWS = 100_000

const encode = (type: ColumnType, data: Column['data']): unknown[] =>
  type === 'INT64' ? data.map((value) => (typeof value === 'number' ? BigInt(value) : value)) : [...data]
