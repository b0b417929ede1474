import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'

export type ParquetValue = string | number | boolean | null
export type ParquetRow = Record<string, ParquetValue>

/** All rows, or those of the named columns only. 64-bit integers come as numbers: what firedrill writes fits. */
export const readParquet = async (path: string, columns?: string[]): Promise<ParquetRow[]> => {
  const file = await asyncBufferFromFile(path)
  const rows = await parquetReadObjects({ file, ...(columns === undefined ? {} : { columns }) })
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])))
}

// --- Internal helpers ---

const plain = (value: unknown): ParquetValue => {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  return null
}
