import type { RequestRow } from '../../lib/core/run-folder.ts'

/** A request that did not end as its user wanted: refused, broken off, timed out. Who left by choice, or was cut off by the end of the run, did not fail. */
export const isFailed = ({ outcome }: Pick<RequestRow, 'outcome'>): boolean =>
  outcome !== 'ok' && outcome !== 'stopped' && outcome !== 'cancelled'

/** When its user wanted it: by the schedule where there is one. */
export const wantedAt = ({ intended, started }: Pick<RequestRow, 'intended' | 'started'>): number => intended ?? started

/** What the user waited for the first content, dial and queue of the client included; null where none came. */
export const waitOf = (row: Pick<RequestRow, 'intended' | 'started' | 'written' | 'ttft'>): number | null =>
  row.ttft === null ? null : (row.written ?? row.started) - wantedAt(row) + row.ttft
