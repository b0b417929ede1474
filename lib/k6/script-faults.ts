import { Kubernetes } from 'k6/x/kubernetes'
import { askCondition } from './script-condition.ts'
import type { ScriptData, ScriptStep } from './script-data.ts'
import { target } from './script-target.ts'
import { messageOf, tell } from './script-tell.ts'
import { inWords } from './pressure.ts'
import { begin, end, type SeenFault, trafficOf } from './script-traffic.ts'
import {
  blockedBy,
  dueAt,
  faultName,
  givenUpAt,
  type Heard,
  type Holding,
  isDue,
  isTransient,
  isWatched,
  stillHolding,
  whyGivenUp,
} from './timeline.ts'

const CREATE_PATIENCE_MS = 30_000
const CONDITION_MS = 1_000
/** A new Fault is Active in a moment, and one that changes the load is to end in time: then it is looked at so often. */
const QUICK_MS = 100
const NEW_MS = 3_000

/** The scenario's faults as they are played. */
export interface Timeline {
  /** Creates what is due, and looks after what is active. */
  step(): void
  isFinished(): boolean
  /** Steps whose Fault the API server did not take. */
  refused: string[]
  /** When something is to be done; null while that is not known. Milliseconds since the epoch. */
  dues(): (number | null)[]
}

export const playTimeline = (data: ScriptData, startedAt: number): Timeline => {
  const kube = data.steps.length > 0 ? connect() : null
  const played: Played = {
    startedAt,
    active: new Map(),
    overAt: new Map(),
    holding: new Map(),
    heard: new Map(),
    refused: [],
    told: new Map(),
  }
  let waiting = [...data.steps]
  let askAt = 0
  return {
    step() {
      if (kube === null) return
      for (const [step, fault] of played.active) poll(kube, data, step, fault, played)
      if (Date.now() >= askAt) {
        askAt = Date.now() + CONDITION_MS
        for (const step of waiting) watch(step, played)
      }
      waiting = waiting.filter((step) => !isDealtWith(kube, data, step, played))
    },
    isFinished: () => waiting.length === 0 && played.active.size === 0,
    refused: played.refused,
    dues: () => [
      ...waiting.map((step) => dueAt(step, played)),
      ...(waiting.some((step) => step.when.kind === 'when') ? [askAt] : []),
      ...[...played.active.values()].flatMap(({ createdAt, pressedUntil }) =>
        pressedUntil !== null || Date.now() - createdAt < NEW_MS ? [Date.now() + QUICK_MS] : [],
      ),
    ],
  }
}

// --- Internal helpers ---

interface Active {
  /** Name of its Fault. */
  fault: string
  createdAt: number
  durationMs: number
  /** Until when the load does what its plan says; null where it does not. */
  pressedUntil: number | null
}

interface Played {
  startedAt: number
  active: Map<string, Active>
  overAt: Map<string, number>
  holding: Map<string, Holding>
  heard: Map<string, Heard>
  refused: string[]
  /** What was said of a step last, so that it is said once. */
  told: Map<string, string>
}

const connect = (): Kubernetes =>
  new Kubernetes({
    ...(target.kubeconfig === '' ? {} : { config_path: target.kubeconfig }),
    ...(target.context === '' ? {} : { context: target.context }),
  })

/** Whether its condition is true, as long as the step waits; a time without an answer is a gap. */
const watch = (step: ScriptStep, { startedAt, holding, heard, told }: Played): void => {
  const { name, when } = step
  const at = Date.now()
  if (when.kind !== 'when' || !isWatched(step, startedAt, at)) return
  const truth = askCondition(when.promql)
  const before = holding.get(name)
  if (truth.kind !== 'unknown') heard.set(name, 'answers')
  else if (!heard.has(name)) heard.set(name, 'nothing')
  if (truth.kind === 'true') {
    const holds = stillHolding(before, at, truth.value)
    holding.set(name, holds)
    if (holds.since === before?.since) return
    told.delete(name)
    return tell({ event: 'condition-true', at, step: name, value: truth.value })
  }
  holding.delete(name)
  if (truth.kind === 'unknown') {
    if (told.get(name) !== 'unknown') tell({ event: 'condition-unknown', at, step: name, message: truth.message })
    told.set(name, 'unknown')
  } else {
    told.delete(name)
    if (before !== undefined) tell({ event: 'condition-false', at, step: name })
  }
}

/** Created, refused or given up; false while it waits. */
const isDealtWith = (kube: Kubernetes, data: ScriptData, step: ScriptStep, played: Played): boolean => {
  const { startedAt, overAt, holding, heard, told } = played
  const { name } = step
  const now = Date.now()
  const due = isDue(step, played, now)
  const blocker = blockedBy(step, played)
  // Of what the API server was asked to take, nobody knows whether it has it: that is seen through.
  if (now >= (givenUpAt(step, startedAt) ?? Infinity) && !asked.has(name)) {
    overAt.set(name, now)
    const reason = whyGivenUp({ heard: heard.get(name), isHolding: holding.has(name), isDue: due, blocker })
    tell({ event: 'step-not-started', at: now, step: name, reason })
    return true
  }
  if (due || asked.has(name)) {
    if (blocker === null) return create(kube, data.scenario, step, played)
    if (told.get(name) !== blocker) tell({ event: 'step-waits', at: now, step: name, for: blocker })
    told.set(name, blocker)
  }
  return false
}

/** Since when the API server is asked to take a step's Fault. */
const asked = new Map<string, number>()

/** False where the API server could not be asked: the step stays due. */
const create = (kube: Kubernetes, scenario: string, step: ScriptStep, { active, overAt, refused }: Played): boolean => {
  const fault = faultName(scenario, step.name, target.run)
  const createdAt = Date.now()
  if (!asked.has(step.name)) asked.set(step.name, createdAt)
  try {
    kube.create({
      apiVersion: 'firedrill.dev/v1alpha1',
      kind: 'Fault',
      metadata: {
        name: fault,
        namespace: target.namespace,
        labels: { 'firedrill.dev/run': target.run, 'firedrill.dev/step': step.name },
      },
      spec: { ...step.spec, target: { selector: target.selector } },
    })
  } catch (error) {
    const message = messageOf(error)
    // An answer that was lost on the way: the object is there, and its name is this run's alone.
    if (!/already exists/.test(message)) {
      if (isTransient(message) && Date.now() < (asked.get(step.name) ?? 0) + CREATE_PATIENCE_MS) return false
      refused.push(step.name)
      overAt.set(step.name, Date.now())
      tell({ event: 'step-refused', at: Date.now(), step: step.name, message })
      return true
    }
  }
  active.set(step.name, { fault, createdAt, durationMs: step.spec.durationSeconds * 1_000, pressedUntil: null })
  tell({ event: 'step-created', at: Date.now(), step: step.name, fault })
  return true
}

const poll = (kube: Kubernetes, data: ScriptData, step: string, active: Active, played: Played): void => {
  let seen: SeenFault
  try {
    seen = kube.get('Fault.firedrill.dev', active.fault, target.namespace) as SeenFault // as the API server's schema has it
  } catch (error) {
    // Anything else is the API server's trouble, and passes or does not: the Fault ends without us.
    if (!/not found/.test(messageOf(error))) return
    seen = { status: { phase: 'Deleted' } }
  }
  follow(data, step, seen, active, played.startedAt)
  const phase = seen.status?.phase ?? 'Pending'
  if (phase !== 'Recovered' && phase !== 'Failed' && phase !== 'Deleted') return
  played.active.delete(step)
  played.overAt.set(step, Date.now())
  tell({ event: 'step-over', at: Date.now(), step, fault: active.fault, phase })
}

/** Has the load do what the Fault's plan says for as long as it is in force. */
const follow = (data: ScriptData, step: string, seen: SeenFault, active: Active, startedAt: number): void => {
  const plan = trafficOf(seen)
  const { createdAt, durationMs, pressedUntil } = active
  if (plan !== null && pressedUntil === null) {
    const injectedAt = Date.parse(seen.status?.injected ?? '') || createdAt
    active.pressedUntil = begin(data, { step, plan, durationMs, injectedAt, createdAt, startedAt })
    tell({ event: 'traffic-changed', at: Date.now(), step, traffic: inWords(plan.traffic) })
  } else if (pressedUntil !== null && pressedUntil !== Infinity && (plan === null || Date.now() >= pressedUntil)) {
    end(step)
    // Once: a controller that never heals leaves it Active.
    active.pressedUntil = Infinity
    tell({ event: 'traffic-restored', at: Math.min(Date.now(), pressedUntil), step })
  }
}
