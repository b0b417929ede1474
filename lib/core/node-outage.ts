/** On a Node whose agent can play its outage. Nothing else says that a node can be made to fail by an annotation. */
export const OUTAGE_ANNOTATION = 'firedrill.dev/outage'
export const OUTAGE_SUPPORTED = 'supported'

/** On a Node: it is to be without power until the time that this names, and whose fault that is. */
export const DOWN_ANNOTATION = 'firedrill.dev/down-until'

export interface Outage {
  /** Milliseconds since the epoch. */
  until: number
  /** Of the fault. */
  id: string
}

/** `2026-11-22T13:00:00.000Z/FAULT`: the end is in the same write as the mark, so no crash leaves one without the other. */
export const writeOutage = ({ until, id }: Outage): string => `${new Date(until).toISOString()}/${id}`

/** Null where there is none, or where the text is not one: a node does not fail for a typing error. */
export const readOutage = (annotations: Record<string, string> | undefined): Outage | null => {
  const [time = '', id = ''] = annotations?.[DOWN_ANNOTATION]?.split('/') ?? []
  const until = Date.parse(time)
  return Number.isNaN(until) || id === '' ? null : { until, id }
}
