import { isOver, phaseOf, RUN_LABEL, STEP_LABEL, type FaultResource } from '../../core/fault-resource.ts'
import type { Event } from '../../core/event.ts'
import type { Observer } from '../../core/fault.ts'
import type { Random } from '../../core/random.ts'
import { finite } from '../../core/finite.ts'
import { TrafficPlan } from '../../core/traffic.ts'
import { inWords } from '../../k6/pressure.ts'
import type { ScriptStep } from '../../k6/script-data.ts'
import {
  blockedBy,
  dueAt,
  faultName,
  givenUpAt,
  type Heard,
  type Holding,
  isDue,
  isWatched,
  stillHolding,
  untilNext,
  whyGivenUp,
} from '../../k6/timeline.ts'
import type { Clockwork } from '../clockwork.ts'
import { newUid } from '../cluster/names.ts'
import type { Pressing } from '../load/pressing.ts'
import type { SimulatedController } from './controller.ts'

export interface PlayTimeline {
  clock: Clockwork
  controller: SimulatedController
  observe: Observer
  steps: readonly ScriptStep[]
  scenario: string
  runId: string
  namespace: string
  selector: string
  random: Random
  startedAt: number
  /** What traffic faults do to the load. */
  load: Pressing
  onEvent(event: Pick<Event, 'phase' | 'what' | 'value'>): void
}

/** As lib/k6/script-faults.ts: between two looks, between two questions to Prometheus, and an object's way to the API server. */
const TICK_MS = 500
/** While a Fault is new, or the load is to follow one. */
const QUICK_MS = 100
const NEW_MS = 3_000
const CONDITION_MS = 1_000
const CREATE_MS = 20

/** Creates the scenario's faults when they are due, as k6 does; resolves when all of them are over. */
export const playTimeline = async (options: PlayTimeline): Promise<void> => {
  const { clock, steps, startedAt } = options
  const played: Played = {
    startedAt,
    active: new Map(),
    overAt: new Map(),
    holding: new Map(),
    heard: new Map(),
    blocked: new Map(),
    pressing: new Set(),
    plans: new Map(),
    createdAt: -Infinity,
  }
  let waiting = [...steps]
  let askAt = 0
  while (waiting.length > 0 || played.active.size > 0) {
    for (const [step, fault] of played.active) follow(options, played, step, fault)
    if (clock.now() >= askAt) {
      askAt = clock.now() + CONDITION_MS
      for (const step of waiting) await watch(options, played, step)
    }
    for (const step of waiting) {
      if (await isDealtWith(options, played, step)) waiting = waiting.filter((other) => other !== step)
    }
    const asks = waiting.some(({ when }) => when.kind === 'when') ? [askAt] : []
    const dues = waiting.map((step) => dueAt(step, played))
    const tick = played.pressing.size > 0 || clock.now() - played.createdAt < NEW_MS ? QUICK_MS : TICK_MS
    if (waiting.length > 0 || played.active.size > 0)
      await clock.sleep(untilNext([...dues, ...asks], clock.now(), tick))
  }
}

// --- Internal helpers ---

interface Played {
  startedAt: number
  active: Map<string, FaultResource>
  overAt: Map<string, number>
  holding: Map<string, Holding>
  heard: Map<string, Heard>
  /** For which fault a step was last said to wait. */
  blocked: Map<string, string>
  /** Steps whose faults the load feels. */
  pressing: Set<string>
  /** What the faults in force do to the load; null where that is nothing. */
  plans: Map<string, TrafficPlan | null>
  /** The newest Fault. */
  createdAt: number
}

const tell = ({ clock, onEvent }: PlayTimeline, what: string, value: Record<string, unknown>): void =>
  onEvent({ phase: 'info', what, value: { at: clock.now(), ...value } })

const watch = async (options: PlayTimeline, { startedAt, holding, heard }: Played, step: ScriptStep): Promise<void> => {
  const { name, when } = step
  const at = options.clock.now()
  if (when.kind !== 'when' || !isWatched(step, startedAt, at)) return
  const [sample] = await options.observe.query(when.promql)
  heard.set(name, 'answers')
  if (sample === undefined) {
    if (holding.delete(name)) tell(options, 'condition-false', { step: name })
    return
  }
  const before = holding.get(name)
  const holds = stillHolding(before, at, finite(sample.value))
  holding.set(name, holds)
  if (holds.since !== before?.since) tell(options, 'condition-true', { step: name, value: holds.value })
}

const isDealtWith = async (options: PlayTimeline, played: Played, step: ScriptStep): Promise<boolean> => {
  const { startedAt, overAt, holding, heard, blocked } = played
  const { name } = step
  const now = options.clock.now()
  const due = isDue(step, played, now)
  const blocker = blockedBy(step, played)
  if (now >= (givenUpAt(step, startedAt) ?? Infinity)) {
    overAt.set(name, now)
    const reason = whyGivenUp({ heard: heard.get(name), isHolding: holding.has(name), isDue: due, blocker })
    tell(options, 'step-not-started', { step: name, reason })
    return true
  }
  if (due) {
    if (blocker === null) {
      await create(options, played, step)
      return true
    }
    if (blocked.get(name) !== blocker) tell(options, 'step-waits', { step: name, for: blocker })
    blocked.set(name, blocker)
  }
  return false
}

const create = async (options: PlayTimeline, played: Played, step: ScriptStep): Promise<void> => {
  const { clock, controller, scenario, runId, namespace, selector, random } = options
  await clock.sleep(CREATE_MS)
  const name = faultName(scenario, step.name, runId)
  const fault = controller.create({
    metadata: { name, namespace, uid: newUid(random), labels: { [RUN_LABEL]: runId, [STEP_LABEL]: step.name } },
    spec: { ...step.spec, target: { selector } },
  })
  played.active.set(step.name, fault)
  played.createdAt = clock.now()
  tell(options, 'step-created', { step: step.name, fault: name })
}

const follow = (options: PlayTimeline, played: Played, step: string, fault: FaultResource): void => {
  const { active, overAt, pressing } = played
  const phase = phaseOf(fault)
  const plan = phase === 'Active' ? trafficPlan(played, step, fault) : null
  if (plan !== null && !pressing.has(step)) {
    pressing.add(step)
    options.load.press({ step, ...plan }, fault.spec.durationSeconds * 1_000)
    tell(options, 'traffic-changed', { step, traffic: inWords(plan.traffic) })
  } else if (plan === null && pressing.delete(step)) {
    options.load.release(step)
    tell(options, 'traffic-restored', { step })
  }
  if (!isOver(phase)) return
  active.delete(step)
  overAt.set(step, options.clock.now())
  tell(options, 'step-over', { step, fault: fault.metadata.name, phase })
}

/** Read once: a fault in force has the plan that it came into force with. */
const trafficPlan = ({ plans }: Played, step: string, fault: FaultResource): TrafficPlan | null => {
  const known = plans.get(step)
  if (known !== undefined) return known
  const plan = TrafficPlan.safeParse(fault.status?.plan).data ?? null
  plans.set(step, plan)
  return plan
}
