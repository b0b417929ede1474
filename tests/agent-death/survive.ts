import { setTimeout as delay } from 'node:timers/promises'
import type { ControllerEvent } from '../../chaos/controller/context.ts'
import type { FaultResource } from '../../lib/core/fault-resource.ts'
import { type Case, begin, untilOver, whatIsLeft } from '../crash/life.ts'
import type { AgentScene } from './scene.ts'

/**
 * When in a fault's life the agent dies: by what the controller says just before it acts, or a moment later, where an act that takes
 * longer (commands in containers, Jobs) is half done, and a single write over.
 */
export const MOMENTS = {
  'before it is injected': { what: 'inject', phase: 'invoke' },
  '150 ms after its injection began': { what: 'inject', phase: 'invoke', afterMs: 150 },
  'in force': { what: 'inject', phase: 'ok' },
  'before it is healed': { what: 'heal', phase: 'invoke' },
  '150 ms after its heal began': { what: 'heal', phase: 'invoke', afterMs: 150 },
} as const satisfies Record<string, Partial<ControllerEvent> & { afterMs?: number }>
export type Moment = keyof typeof MOMENTS

/** Long enough for the next agent to be there before the end, short enough for its pods not to be. */
const DURATION_SECONDS = 3
/** Of a heal, from the end of the fault, or from when there is an agent again. */
const HEAL_MS = 5_000

/** Everything that should not be as it is after a fault in whose life the agent was killed; empty where all is well. */
export const survive = async (scene: AgentScene, fault: Case, moment: Moment): Promise<string[]> => {
  await scene.allReady()
  const before = await scene.snapshot()
  const death = dyingAt(scene, moment)
  const resource = await begin(scene, fault, DURATION_SECONDS)
  const over = await untilOver(scene, resource)
  const dead = await death()
  if (dead === null)
    return [`expected the agent to be killed ${moment}, found ${over.status?.phase}: ${over.status?.message}`]
  const { back, again, inForce } = dead
  const backAt = await back
  await again
  return [...wrongEnd(over, inForce, backAt), ...(await whatIsLeft(scene, resource, before))]
}

// --- Internal helpers ---

interface Death extends Awaited<ReturnType<AgentScene['killAgent']>> {
  /** The fault was wholly injected by then. */
  inForce: boolean
}

/** Kills the agent then, once; gives its death where it has come. */
const dyingAt = (scene: AgentScene, moment: Moment): (() => Promise<Death> | null) => {
  const { what, phase, afterMs } = { afterMs: 0, ...MOMENTS[moment] }
  let inForce = false
  let death: Promise<Death> | null = null
  const die = async (): Promise<Death> => {
    await delay(afterMs)
    const then = inForce
    return { ...(await scene.killAgent()), inForce: then }
  }
  scene.onEvent = async (event) => {
    inForce ||= event.what === 'inject' && event.phase === 'ok'
    if (event.what !== what || event.phase !== phase || death !== null) return
    death = die()
    // Told by whoever asks for it; a moment later nobody waits.
    death.catch(() => undefined)
    if (afterMs === 0) await death
  }
  return () => death
}

/** A fault may fail where it was not wholly injected, and only there. */
const wrongEnd = ({ status }: FaultResource, inForce: boolean, backAt: number): string[] => {
  const { phase, message, injected = '', healed = '' } = status ?? {}
  const due = Math.max(Date.parse(injected) + DURATION_SECONDS * 1_000, backAt)
  const lateMs = Date.parse(healed) - due
  return [
    ...(phase === 'Recovered' || !inForce ? [] : [`expected it to recover, found ${phase}: ${message}`]),
    ...(lateMs <= HEAL_MS
      ? []
      : [`expected it to be healed within ${HEAL_MS / 1_000} s, found ${lateMs / 1_000} s (${message})`]),
  ]
}
