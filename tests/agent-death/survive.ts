import { setTimeout as delay } from 'node:timers/promises'
import type { ControllerEvent } from '../../chaos/controller/context.ts'
import { type Case, begin, untilOver, whatIsLeft } from '../crash/life.ts'
import type { AgentScene } from './scene.ts'

/** When in a fault's life the agent dies: by what the controller says just before it acts, or in the middle of the act. */
export const MOMENTS = {
  'before it is injected': { what: 'inject', phase: 'invoke' },
  'while it is injected': { what: 'inject', phase: 'invoke', afterMs: 150 },
  'in force': { what: 'inject', phase: 'ok' },
  'before it is healed': { what: 'heal', phase: 'invoke' },
  'while it is healed': { what: 'heal', phase: 'invoke', afterMs: 150 },
} as const satisfies Record<string, Partial<ControllerEvent> & { afterMs?: number }>
export type Moment = keyof typeof MOMENTS

/** Long enough for the next agent to be there before the end, short enough for its pods not to be. */
const DURATION_SECONDS = 3

/** Everything that should not be as it is after a fault in whose life the agent was killed; empty where all is well. */
export const survive = async (scene: AgentScene, fault: Case, moment: Moment): Promise<string[]> => {
  await scene.allReady()
  const before = await scene.snapshot()
  const { what, phase, afterMs = 0 } = { afterMs: 0, ...MOMENTS[moment] }
  const dying = Promise.withResolvers<{ again: Promise<void> }>()
  let begun = false
  scene.onEvent = async (event) => {
    if (event.what !== what || event.phase !== phase || begun) return
    begun = true
    const dead = delay(afterMs).then(() => scene.killAgent())
    dead.then(dying.resolve, dying.reject)
    if (afterMs === 0) await dead
  }
  const resource = await begin(scene, fault, DURATION_SECONDS)
  const { status } = await untilOver(scene, resource)
  if (!begun) return [`expected the agent to be killed, found it ${status?.phase}: ${status?.message}`]
  const t = Date.now()
  await (
    await dying.promise
  ).again
  const left = await whatIsLeft(scene, resource, before)
  const d = (s?: string) => Date.parse(s ?? '') - Date.parse(status?.injected ?? '')
  console.log(
    fault.name,
    '|',
    moment,
    '|',
    status?.phase,
    status?.message,
    'healed',
    d(status?.healed),
    'recovered',
    d(status?.recovered),
    'again+',
    t - Date.parse(status?.injected ?? ''),
    left,
  )
  return left
}
