import type { RequestRecord } from '../../lib/core/run-folder.ts'

/** A request that did not end as its user wanted: refused, broken off, timed out. */
export const isFailed = ({ status, error }: Pick<RequestRecord, 'status' | 'error'>): boolean =>
  error !== null || status < 200 || status >= 400
