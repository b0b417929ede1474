import { RUN_LABEL, STEP_LABEL } from '../../core/fault-resource.ts'
import type { Event } from '../../core/event.ts'
import type { Random } from '../../core/random.ts'
import type { ScriptStep } from '../../k6/script-data.ts'
import { dueAt, faultName, untilNext } from '../../k6/timeline.ts'
import { isOver, phaseOf, type FaultResource } from '../../core/fault-resource.ts'
import type { Clockwork } from '../clockwork.ts'
import { newUid } from '../cluster/names.ts'
import type { SimulatedController } from './controller.ts'

export interface PlayTimeline {
  clock: Clockwork
  controller: SimulatedController
  steps: readonly ScriptStep[]
  scenario: string
  runId: string
  namespace: string
  selector: string
  random: Random
  startedAt: number
  onEvent(event: Pick<Event, 'phase' | 'what' | 'value'>): void
}

/** As lib/k6/script.ts: between two looks, and an object's way to the API server. */
const TICK_MS = 500
const CREATE_MS = 20

/** Creates the scenario's faults when they are due, as k6 does; resolves when all of them are over. */
export const playTimeline = async (options: PlayTimeline): Promise<void> => {
  const { clock, controller, steps, scenario, runId, namespace, selector, random, startedAt, onEvent } = options
  const active = new Map<string, FaultResource>()
  const overAt = new Map<string, number>()
  let waiting = [...steps]
  while (waiting.length > 0 || active.size > 0) {
    for (const step of waiting) {
      const due = dueAt(step, startedAt, overAt)
      if (due === null || due > clock.now()) continue
      await clock.sleep(CREATE_MS)
      const name = faultName(scenario, step.name, runId)
      const fault = controller.create({
        metadata: { name, namespace, uid: newUid(random), labels: { [RUN_LABEL]: runId, [STEP_LABEL]: step.name } },
        spec: { ...step.spec, target: { selector } },
      })
      active.set(step.name, fault)
      onEvent({ phase: 'info', what: 'step-created', value: { at: clock.now(), step: step.name, fault: name } })
    }
    waiting = waiting.filter(({ name }) => !active.has(name) && !overAt.has(name))
    for (const [step, fault] of active) {
      const phase = phaseOf(fault)
      if (!isOver(phase)) continue
      active.delete(step)
      overAt.set(step, clock.now())
      const value = { at: clock.now(), step, fault: fault.metadata.name, phase }
      onEvent({ phase: 'info', what: 'step-over', value })
    }
    const dues = waiting.map((step) => dueAt(step, startedAt, overAt))
    if (waiting.length > 0 || active.size > 0) await clock.sleep(untilNext(dues, clock.now(), TICK_MS))
  }
}
