import type { PackedRequest } from '../core/run-folder.ts'
import type { Column, ColumnType } from './write.ts'

/** load/requests.parquet: PackedRequest's fields, in its order. */
const TYPES = {
  id: 'STRING',
  vu: 'INT32',
  iteration: 'INT32',
  arrival: 'INT32',
  intended: 'DOUBLE',
  started: 'DOUBLE',
  connected: 'DOUBLE',
  reused: 'BOOLEAN',
  written: 'DOUBLE',
  ended: 'DOUBLE',
  firstEvent: 'DOUBLE',
  firstChoice: 'DOUBLE',
  ttft: 'DOUBLE',
  firstAnswer: 'DOUBLE',
  tpot: 'DOUBLE',
  e2e: 'DOUBLE',
  gapMax: 'DOUBLE',
  gapP99: 'DOUBLE',
  gaps: 'JSON',
  chunks: 'INT32',
  coalesced: 'INT32',
  // A server may say what it likes of them: 32 bits do not hold it.
  promptTokens: 'INT64',
  cachedTokens: 'INT64',
  outputTokens: 'INT64',
  tokensFrom: 'STRING',
  finishReason: 'STRING',
  status: 'INT32',
  outcome: 'STRING',
  error: 'STRING',
  replica: 'STRING',
  traffic: 'STRING',
  extra: 'BOOLEAN',
  fault: 'STRING',
} as const satisfies Record<keyof PackedRequest, ColumnType>

export const REQUEST_COLUMNS = Object.keys(TYPES) as (keyof PackedRequest)[] // TYPES has exactly its keys

/** One column a field, one row a request. */
export const requestColumns = (rows: readonly PackedRequest[]): Column[] =>
  REQUEST_COLUMNS.map((name) => ({ name, type: TYPES[name], data: rows.map((row) => row[name]) }))
