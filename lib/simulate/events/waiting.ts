/** Events that are still to come, by time, then by order. */
export interface Waiting<Event> {
  /** Of the first, in milliseconds; Infinity where there is none. */
  time(): number
  /** Of the first. */
  order(): number
  /** `order` grows with every event. */
  push(time: number, order: number, event: Event): void
  pop(): Event | null
}
