import type { KubeEvent } from '../../core/run-folder.ts'
import type { CoreV1Event } from '../../kube/pod-types.ts'

/** A line of events.jsonl, at the last time the event was seen. */
export const eventRecord = (event: CoreV1Event): KubeEvent => {
  const { metadata, series, lastTimestamp, eventTime, involvedObject, type, reason, message, count } = event
  const times = [series?.lastObservedTime, lastTimestamp, eventTime, metadata.creationTimestamp]
  return {
    at: times.map(timeOf).find((time) => time !== null) ?? 0,
    type: type ?? '',
    reason: reason ?? '',
    object: `${involvedObject.kind ?? ''}/${involvedObject.name ?? ''}`,
    message: message ?? '',
    count: series?.count ?? count ?? 1,
  }
}

// --- Internal helpers ---

/** The client gives Dates for lists and the API's own text for watches. */
const timeOf = (time: unknown): number | null => {
  const ms = time instanceof Date ? time.getTime() : typeof time === 'string' ? Date.parse(time) : Number.NaN
  return Number.isNaN(ms) ? null : ms
}
