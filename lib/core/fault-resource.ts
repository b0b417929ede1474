import { z } from 'zod'

export const FAULT_GROUP = 'firedrill.dev'
export const FAULT_VERSION = 'v1alpha1'
export const FAULT_API_VERSION = `${FAULT_GROUP}/${FAULT_VERSION}`
export const FAULT_FINALIZER = 'firedrill.dev/heal'

/** A namespace takes faults only with this label. */
export const ALLOW_LABEL = 'firedrill.dev/allow'
/** On a namespace, with when and why: nothing is planned or injected there, and a run there ends (`firedrill halt`). */
export const HALT_ANNOTATION = 'firedrill.dev/halted'
/** On every object that a run creates, so that one selector finds all of them. */
export const RUN_LABEL = 'firedrill.dev/run'
/** On a Fault: the step of the scenario's timeline that asked for it. */
export const STEP_LABEL = 'firedrill.dev/step'

/** On every object that a fault creates, and on the workload that it changes: the id of that fault. */
export const FAULT_LABEL = 'firedrill.dev/fault'
/** On a Fault, with any value: end it now. Whoever holds the Lease heals it, and its record stays. */
export const END_ANNOTATION = 'firedrill.dev/end'

/** In this order and never back. `Failed` ends a fault that was not (or not wholly) injected and has been healed all the same. */
export const FAULT_PHASES = [
  'Pending',
  'Planned',
  'Injecting',
  'Active',
  'Healing',
  'Healed',
  'Recovered',
  'Failed',
] as const
export const FaultPhase = z.enum(FAULT_PHASES)
export type FaultPhase = z.infer<typeof FaultPhase>

/** Nothing more happens to such a fault. */
export const isOver = (phase: FaultPhase): boolean => phase === 'Recovered' || phase === 'Failed'

/** Nothing of such a fault is in force any more; a healed one still waits for its pods. */
export const isHealed = (phase: FaultPhase): boolean => phase === 'Healed' || isOver(phase)

const Time = z.iso.datetime()

export const FaultSpec = z
  .strictObject({
    kind: z.string().describe('What is done: the name of a fault that ships (`firedrill list faults`).'),
    params: z
      .record(z.string(), z.unknown())
      .default({})
      .describe('Parameters of the kind; docs/faults.md lists them.'),
    target: z
      .strictObject({
        selector: z.string().describe("Label selector of the serving pods, in the Fault's own namespace."),
      })
      .describe('What the fault may touch.'),
    durationSeconds: z.number().positive().describe('Seconds from the injection to the heal, which comes by itself.'),
    seed: z
      .number()
      .int()
      .default(0)
      .describe('What is drawn by lot is drawn from this: the same seed, the same victims.'),
    maxUnavailable: z
      .number()
      .int()
      .nonnegative()
      .default(1)
      .describe(
        'At most this many serving pods may be unavailable because of the fault; a plan that takes more is refused.',
      ),
  })
  .describe('What is to be broken, and for how long. Never changed once it is written.')
export type FaultSpec = z.infer<typeof FaultSpec>

/** What verify found: whether the fault bit, since when, and the numbers that show it. */
export const FaultEvidence = z
  .object({
    bit: z.boolean().describe('Whether the fault was seen to have its effect.'),
    reason: z.string().describe('One sentence with the numbers.'),
    facts: z.record(z.string(), z.unknown()).default({}).describe('The numbers, by name.'),
  })
  .describe('Whether the fault bit, and what shows it.')
export type FaultEvidence = z.infer<typeof FaultEvidence>

export const FaultStatus = z
  .object({
    phase: FaultPhase.default('Pending').describe(
      'How far it has come, in this order and never back. Failed: it was not, or not wholly, injected, and has been healed all the same.',
    ),
    message: z.string().optional().describe('One sentence for `kubectl get faults`.'),
    plan: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('Victims by UID, original values, names of objects to be created: written before the first change.'),
    planned: Time.optional().describe('When the plan was written.'),
    injected: Time.optional().describe('When the first change was asked for.'),
    effective: Time.optional().describe('When the fault was first seen to bite.'),
    healed: Time.optional().describe('When the last change was undone.'),
    recovered: Time.optional().describe('When the serving pods were all ready again.'),
    evidence: FaultEvidence.optional(),
    replicas: z.number().int().optional().describe('Serving pods that the workload asks for.'),
    settled: z
      .boolean()
      .optional()
      .describe('Whether the workload had no rollout under way when the fault was planned; false: none is waited for.'),
    unavailable: z.number().int().optional().describe('How many of them the plan takes away.'),
    error: z.string().optional().describe('Why it ends as Failed.'),
  })
  .describe('How far the fault has come, and what was seen of it.')
export type FaultStatus = z.infer<typeof FaultStatus>

/** The custom resource, as the API server gives it back: metadata is Kubernetes' own and left alone. */
export const FaultResource = z.object({
  apiVersion: z.literal(FAULT_API_VERSION),
  kind: z.literal('Fault'),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    uid: z.string().optional(),
    resourceVersion: z.string().optional(),
    generation: z.number().optional(),
    creationTimestamp: z.string().optional(),
    deletionTimestamp: z.string().optional(),
    finalizers: z.array(z.string()).optional(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: FaultSpec,
  status: FaultStatus.optional(),
})
export type FaultResource = z.infer<typeof FaultResource>

export const phaseOf = ({ status }: Pick<FaultResource, 'status'>): FaultPhase => status?.phase ?? 'Pending'

/** Whether the finalizer is on it: \`kubectl delete\` waits for whoever takes it off. */
export const isHeld = ({ metadata }: Pick<FaultResource, 'metadata'>): boolean =>
  metadata.finalizers?.includes(FAULT_FINALIZER) === true

/** What \`heal\` has to do with: something of it is in force, or it could not be deleted. */
export const isOpen = (fault: FaultResource): boolean => !isHealed(phaseOf(fault)) || isHeld(fault)
