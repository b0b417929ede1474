import type { RequestRecord } from '../../lib/core/run-folder.ts'

/** A request that did not end as its user wanted: refused, broken off, timed out. What the end of the run cut off is none. */
export const isFailed = ({ status, error, outcome }: Pick<RequestRecord, 'status' | 'error' | 'outcome'>): boolean =>
  outcome !== 'stopped' && (error !== null || status < 200 || status >= 400)
