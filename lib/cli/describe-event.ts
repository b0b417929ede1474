import { z } from 'zod'
import type { Event } from '../core/event.ts'

type Happening = Pick<Event, 'actor' | 'phase' | 'what' | 'value'>

/** An event as a person reads it while the drill goes: who, and what happened. */
export interface EventLine {
  who: string
  text: string
}

/**
 * The line of an event, or null for those that only the journal needs. `steps` gives the step of the scenario that a
 * Fault belongs to, by the Fault's name. What is not known here is shown as it is.
 */
export const describeEvent = (
  { actor, phase, what, value }: Happening,
  steps: ReadonlyMap<string, string> = new Map(),
): EventLine | null => {
  const key = `${actor.startsWith('fault/') ? 'fault' : actor}/${what}/${phase}`
  const words = WORDS[key] ?? WORDS[`${key.slice(0, key.lastIndexOf('/'))}`]
  const text = words === undefined ? asIs(what, phase, value) : words(value)
  if (text === null) return null
  if (!actor.startsWith('fault/')) return { who: actor === 'k6' ? 'load' : actor, text: short(text) }
  const name = actor.slice('fault/'.length)
  return { who: steps.get(name) ?? name, text: short(text) }
}

/** The step that an event ties to a Fault's name, or null. */
export const stepOf = ({ actor, what, value }: Event): { fault: string; step: string } | null =>
  actor === 'k6' && what === 'step-created' ? (Created.safeParse(value).data ?? null) : null

// --- Internal helpers ---

const MAX = 160

const short = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > MAX ? `${line.slice(0, MAX - 1)}…` : line
}

const Created = z.object({ fault: z.string(), step: z.string() })
const Evidence = z.object({ bit: z.boolean(), reason: z.string() })
const Retry = z.object({ error: z.string(), attempt: z.number() })
const Recovered = z.object({ ready: z.number(), wanted: z.number() })
const Held = z.object({ heldBy: z.string() })
const Refused = z.object({ step: z.string(), message: z.string() })
const Step = z.object({ step: z.string() })
const Holds = z.object({ step: z.string(), value: z.number() })
const Unknown = z.object({ step: z.string(), message: z.string() })
const Waits = z.object({ step: z.string(), for: z.string() })
const NotStarted = z.object({ step: z.string(), reason: z.string() })
const Changed = z.object({ step: z.string(), traffic: z.string() })
const Message = z.object({ message: z.string() })
const Ending = z.object({ ending: z.string(), endingReason: z.string().nullable() })
const Healed = z.object({ healed: z.array(z.string()), unhealed: z.array(z.object({ name: z.string() })) })
const Text = z.string()
const Texts = z.array(z.string())
const Prompts = z.object({ note: z.string() })
const Torn = z.object({ lines: z.number() })

type Words = (value: unknown) => string | null

/** Words for values of one shape; another shape is shown as it is. */
const from =
  <T>(schema: z.ZodType<T>, words: (value: T) => string | null): Words =>
  (value) => {
    const parsed = schema.safeParse(value)
    return parsed.success ? words(parsed.data) : JSON.stringify(value ?? null)
  }

const silent: Words = () => null
const always =
  (text: string): Words =>
  () =>
    text

/** By actor, what, and phase where the phase matters; every kind of fault is `fault`. */
const WORDS: Readonly<Record<string, Words>> = {
  'controller/lease/ok': silent,
  'controller/lease/info': from(Held, ({ heldBy }) => `waiting: ${heldBy} acts on the faults`),
  'controller/lease-lost': always('lost its Lease: no more acts until it has it again'),
  'controller/stopped/info': silent,
  'controller/stopped/fail': from(Text, (reason) => `stopped: ${reason}`),
  'controller/retry': from(Text, (error) => `asks again: ${error}`),
  'controller/watch': from(Text, (error) => `watches again: ${error}`),
  'fault/plan/invoke': silent,
  'fault/plan/ok': silent,
  'fault/plan/fail': from(Text, (reason) => `refused: ${reason}`),
  'fault/inject/invoke': silent,
  'fault/inject/ok': always('injected'),
  'fault/inject/fail': from(Text, (reason) => `could not be injected: ${reason}`),
  'fault/verify': from(Evidence, ({ bit, reason }) => `${bit ? 'bites' : 'does not bite yet'}: ${reason}`),
  'fault/unavailable': from(Text, (reason) => `ended early: ${reason}`),
  'fault/heal/invoke': silent,
  'fault/heal/ok': from(Text.nullable(), (reason) =>
    reason === null ? 'healed' : `healed after a failure: ${reason}`,
  ),
  'fault/heal/fail': from(Text, (reason) => `not healed yet: ${reason}`),
  'fault/recover': from(Recovered, ({ ready, wanted }) => `recovered: ${ready} of ${wanted} serving pods are ready`),
  'fault/retry': from(Retry, ({ error, attempt }) => `asks again (${attempt}): ${error}`),
  'k6/load-started': always('users begin'),
  'k6/step-created': silent,
  'k6/step-over': silent,
  'k6/step-refused': from(Refused, ({ step, message }) => `${step} was refused: ${message}`),
  'k6/step-waits': from(Waits, ({ step, for: other }) => `${step} is due, and waits until ${other} is over`),
  'k6/step-not-started': from(NotStarted, ({ step, reason }) => `${step} was not started: ${reason} in time`),
  'k6/condition-true': from(Holds, ({ step, value }) => `the condition of ${step} is true: ${value}`),
  'k6/condition-false': from(Step, ({ step }) => `the condition of ${step} is not true any more`),
  'k6/condition-unknown': from(
    Unknown,
    ({ step, message }) => `the condition of ${step} could not be asked for: ${message}`,
  ),
  'k6/traffic-changed': from(Changed, ({ step, traffic }) => `${step}: ${traffic}`),
  'k6/traffic-restored': from(Step, ({ step }) => `${step} is over for the load`),
  'k6/timeline-finished': always('the timeline is over; waiting for the alerts to settle'),
  'k6/error': from(Message, ({ message }) => `error: ${message}`),
  'k6/schedule-over': silent,
  'k6/prompts': from(Prompts, ({ note }) => `prompts: ${note}`),
  'run/load': silent,
  'run/request-records-torn': from(Torn, ({ lines }) => `${lines} request records were cut off`),
  'run/ending': from(Ending, ({ ending, endingReason }) =>
    endingReason === null ? ending : `${ending}: ${endingReason}`,
  ),
  'run/heal/invoke': silent,
  'run/heal/ok': from(Healed, ({ healed }) => (healed.length === 0 ? null : `healed ${healed.join(', ')}`)),
  'run/heal/fail': from(Healed, ({ unhealed }) => `NOT healed: ${unhealed.map(({ name }) => name).join(', ')}`),
  'run/collect/invoke': always('collecting the evidence'),
  'run/collect/ok': silent,
  'run/collect/fail': from(Texts, (problems) => `not all evidence could be had: ${problems.join('; ')}`),
  'run/not-recorded': from(Text, (problem) => `not recorded: ${problem}`),
  'run/stop-condition': from(Text, (message) => `the stop condition could not be asked: ${message}`),
}

const asIs = (what: string, phase: Event['phase'], value: unknown): string | null => {
  if (phase === 'invoke') return null
  const text = value === undefined ? '' : JSON.stringify(value)
  return [what, phase === 'info' ? '' : phase, text].filter((part) => part !== '').join(' ')
}
