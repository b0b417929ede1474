import type { RequestRecord } from '../core/run-folder.ts'
import type { Column, ColumnType } from './write.ts'

/** load/requests.parquet: RequestRecord's fields, in its order. */
const TYPES = {
  id: 'STRING',
  vu: 'INT32',
  iteration: 'INT32',
  started: 'DOUBLE',
  ended: 'DOUBLE',
  ttft: 'DOUBLE',
  tpot: 'DOUBLE',
  e2e: 'DOUBLE',
  gapMax: 'DOUBLE',
  gapP99: 'DOUBLE',
  promptTokens: 'INT32',
  outputTokens: 'INT32',
  tokensFrom: 'STRING',
  status: 'INT32',
  outcome: 'STRING',
  error: 'STRING',
  replica: 'STRING',
} as const satisfies Record<keyof RequestRecord, ColumnType>

/** One column a field, one row a record. */
export const requestColumns = (records: readonly RequestRecord[]): Column[] =>
  Object.entries(TYPES).map(([name, type]) => ({
    name,
    type,
    data: records.map((record) => record[name as keyof RequestRecord]), // TYPES has exactly its keys
  }))
