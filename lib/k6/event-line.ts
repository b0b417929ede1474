import { z } from 'zod'
import { eventText, type ScriptEvent } from './script-event.ts'

const at = z.number()
const count = z.number().int().nonnegative()

const schedule = { at, scheduled: count.nullable(), due: count, claimed: count, lagP99: z.number() }

const Known: z.ZodType<ScriptEvent> = z.discriminatedUnion('event', [
  z.strictObject({ event: z.literal('load-started'), at }),
  z.strictObject({ event: z.literal('step-created'), at, step: z.string(), fault: z.string() }),
  z.strictObject({ event: z.literal('condition-true'), at, step: z.string(), value: z.number() }),
  z.strictObject({ event: z.literal('condition-false'), at, step: z.string() }),
  z.strictObject({ event: z.literal('condition-unknown'), at, step: z.string(), message: z.string() }),
  z.strictObject({ event: z.literal('step-waits'), at, step: z.string(), for: z.string() }),
  z.strictObject({ event: z.literal('step-not-started'), at, step: z.string(), reason: z.string() }),
  z.strictObject({ event: z.literal('traffic-changed'), at, step: z.string(), traffic: z.string() }),
  z.strictObject({ event: z.literal('traffic-restored'), at, step: z.string() }),
  z.strictObject({ event: z.literal('step-refused'), at, step: z.string(), message: z.string() }),
  z.strictObject({ event: z.literal('step-over'), at, step: z.string(), fault: z.string(), phase: z.string() }),
  z.strictObject({ event: z.literal('timeline-finished'), at, refused: z.array(z.string()) }),
  z.strictObject({
    event: z.literal('progress'),
    at,
    users: z.number().int(),
    started: count,
    finished: count,
    failed: count,
    schedule: z.strictObject(schedule).nullable(),
  }),
  z.strictObject({ event: z.literal('schedule-over'), ...schedule }),
  z.strictObject({ event: z.literal('prompts'), at, exact: z.boolean(), note: z.string() }),
  z.strictObject({ event: z.literal('error'), at, message: z.string() }),
])

/** The event that a line of k6's output carries, or null for every other line. */
export const parseEvent = (line: string): ScriptEvent | null => {
  const text = eventText(line)
  if (text === null) return null
  try {
    return Known.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}
