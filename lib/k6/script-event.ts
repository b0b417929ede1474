/**
 * What the script tells the runner, one console line each. Times are milliseconds since the epoch. No zod here: this
 * file is part of the bundle, and each virtual user has its own copy of that.
 */
export type ScriptEvent =
  /** The zero of the timeline: k6 began to ramp. */
  | { event: 'load-started'; at: number }
  | { event: 'step-created'; at: number; step: string; fault: string }
  /** A step's condition became true, with what it returned first; was not true any more; could not be asked for, once an outage. */
  | { event: 'condition-true'; at: number; step: string; value: number }
  | { event: 'condition-false'; at: number; step: string }
  | { event: 'condition-unknown'; at: number; step: string; message: string }
  /** The step is due, and another one's fault is in force. */
  | { event: 'step-waits'; at: number; step: string; for: string }
  /** Its condition had not held by its time: there is no Fault. */
  | { event: 'step-not-started'; at: number; step: string; reason: string }
  /** k6 began, or ended, to do what a traffic fault's plan says. */
  | { event: 'traffic-changed'; at: number; step: string; traffic: string }
  | { event: 'traffic-restored'; at: number; step: string }
  /** The API server refused the Fault: nothing was injected. */
  | { event: 'step-refused'; at: number; step: string; message: string }
  /** The Fault is `Recovered` or `Failed`, or `Deleted` by somebody. */
  | { event: 'step-over'; at: number; step: string; fault: string; phase: string }
  | { event: 'timeline-finished'; at: number; refused: string[] }
  /** How prompts get their length. */
  | { event: 'prompts'; at: number; exact: boolean; note: string }
  /** Once a second. */
  | ({ event: 'progress' } & LoadProgress)
  /** The same of the schedule, when its last second was over. */
  | ({ event: 'schedule-over' } & ScheduleCount)
  | { event: 'error'; at: number; message: string }

/** Requests so far. */
export interface LoadProgress {
  /** Milliseconds since the epoch. */
  at: number
  /** Virtual users that are active. */
  users: number
  started: number
  finished: number
  failed: number
  /** How far the schedule has come; null for users. */
  schedule: ScheduleCount | null
}

/** Arrivals in all (null where that is not known), whose time has passed, that were taken up; their lag in milliseconds. */
export interface ScheduleCount {
  at: number
  scheduled: number | null
  due: number
  claimed: number
  lagP99: number
}

const PREFIX = 'firedrill '

export const formatEvent = (event: ScriptEvent): string => PREFIX + JSON.stringify(event)

/** The JSON text of an event line, or null for every other line. */
export const eventText = (line: string): string | null =>
  line.startsWith(`${PREFIX}{`) ? line.slice(PREFIX.length) : null
