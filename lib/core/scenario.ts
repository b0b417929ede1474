import { z } from 'zod'
import { DEFAULT_ONSET_MS } from './alert-window.ts'
import { Duration, formatDuration } from './duration.ts'
import { Load } from './load.ts'
import { overlapProblems } from './overlap.ts'
import { Safety } from './safety.ts'

export { ramp, replay, requests } from './load.ts'
export { after, at, when } from './timeline-words.ts'

const StepName = z.string().regex(/^[a-z][a-z0-9-]*$/, 'expected a kebab-case name')

/** Times count from the start of the load; `after` from the moment the other step's fault has recovered. */
const When = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('at'), time: Duration }),
  z.strictObject({ kind: z.literal('after'), step: StepName, gap: Duration }),
  z.strictObject({
    kind: z.literal('when'),
    promql: z.string().min(1).describe('True while it returns anything; asked every second once the baseline is over'),
    heldFor: Duration.default(0).describe('It must have been true for so long, without a gap'),
    by: Duration.optional().describe(
      'Not started where this time of the load comes first; where it is not given, while the load still lasts long enough',
    ),
  }),
])

const Step = z.strictObject({
  when: When,
  fault: z.string(),
  params: z.record(z.string(), z.unknown()).default({}),
  lasting: Duration,
  overlaps: z
    .array(StepName)
    .default([])
    .describe('Steps whose faults may be in force at the same time; it waits until any other is over'),
})

/** A symptom or the name of one alert; a list inside the list means that any one of them is enough. */
const Expected = z.union([z.string(), z.array(z.string()).min(2)])

const Expectation = z.strictObject({
  alerts: z.array(Expected).default([]),
  tolerates: z.array(z.string()).default([]),
  onset: Duration.default(DEFAULT_ONSET_MS).describe(
    'How long the target may take to show the effect once the fault bites: a cache fills, a queue grows. An alert that needs longer is late',
  ),
})

/** The one form that everything after the file works on: strict, every duration in milliseconds. */
export const Scenario = z
  .strictObject({
    name: StepName,
    summary: z.string().min(1),
    seed: z.number().int().default(1),
    load: Load,
    timeline: z.record(StepName, Step),
    expect: z.record(StepName, Expectation).default({}),
    /** Loaded, fault-free time in which every alert must be quiet; counts back from the first fault. */
    baseline: Duration.default(20_000),
    /** How long alerts may take to resolve after the last fault before the run closes. */
    settle: Duration.default(30_000),
    safety: Safety.prefault({}),
  })
  .superRefine((scenario, context) => {
    const steps = Object.keys(scenario.timeline)
    const known = (step: string): string =>
      `expected one of the timeline's steps (${steps.join(', ')}), found "${step}"`
    for (const [name, step] of Object.entries(scenario.timeline)) {
      if (step.when.kind !== 'after') continue
      const earlier = steps.slice(0, steps.indexOf(name))
      if (earlier.includes(step.when.step)) continue
      const message = `${known(step.when.step)}, written before "${name}"`
      context.addIssue({ code: 'custom', path: ['timeline', name, 'when', 'step'], message })
    }
    for (const name of Object.keys(scenario.expect)) {
      if (!steps.includes(name)) context.addIssue({ code: 'custom', path: ['expect', name], message: known(name) })
    }
  })

/** A scenario that is still to be played. Those of old run folders are read by the form alone: they were played as they are. */
export const PlayableScenario = Scenario.superRefine(({ timeline, baseline }, context) => {
  for (const [name, { when }] of Object.entries(timeline)) {
    if (when.kind !== 'when' || when.by === undefined) continue
    const soonest = baseline + when.heldFor
    if (when.by > soonest) continue
    const message = `expected a time after ${formatDuration(soonest)}, the end of the baseline and what it is to hold for, found ${formatDuration(when.by)}: it could never begin`
    context.addIssue({ code: 'custom', path: ['timeline', name, 'when', 'by'], message })
  }
  for (const { path, message } of overlapProblems(timeline)) {
    context.addIssue({ code: 'custom', path: ['timeline', ...path], message })
  }
})

export type Scenario = z.infer<typeof Scenario>
export type ScenarioInput = z.input<typeof Scenario>
export type Step = z.infer<typeof Step>
export type StepInput = z.input<typeof Step>
export type WhenInput = z.input<typeof When>

/** A scenario file's default export. Checked when it is loaded, so that all of its problems are reported at once, with their paths. */
export const defineScenario = (scenario: ScenarioInput): ScenarioInput => scenario
