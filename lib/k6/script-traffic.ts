import { press, release, startSurge } from 'k6/x/llm'
import type { TrafficPlan } from '../core/traffic.ts'
import type { ScriptData } from './script-data.ts'
import { surgeOf } from './surge.ts'

/** A Fault as far as the timeline reads it. */
export interface SeenFault {
  metadata?: { deletionTimestamp?: string; annotations?: Record<string, string> }
  status?: { phase?: string; injected?: string; plan?: Partial<TrafficPlan> }
}

/** What a Fault in force wants of the load; null of one that wants nothing, or is about to end. */
export const trafficOf = ({ metadata, status }: SeenFault): TrafficPlan | null => {
  const { traffic, seed } = status?.plan ?? {}
  if (traffic === undefined || seed === undefined || status?.phase !== 'Active') return null
  const isEnding =
    metadata?.deletionTimestamp !== undefined || metadata?.annotations?.['firedrill.dev/end'] !== undefined
  return isEnding ? null : { traffic, seed }
}

export interface Pressing {
  step: string
  plan: TrafficPlan
  durationMs: number
  /** By the controller's clock. */
  injectedAt: number
  /** By ours: when the Fault was created. The controller's clock may be another. */
  createdAt: number
  startedAt: number
}

/** Has all virtual users do as the plan says, until its duration is over, whatever becomes of everybody else; returns when that is. */
export const begin = (data: ScriptData, pressing: Pressing): number => {
  const { step, plan, durationMs, injectedAt, createdAt, startedAt } = pressing
  const now = Date.now()
  const until = Math.min(Math.max(injectedAt, createdAt), now) + durationMs
  const { traffic } = plan
  // First: who comes with a surge looks whether it is still on.
  press(step, JSON.stringify({ step, ...plan }), until)
  if (traffic.kind === 'surge') {
    const surge = surgeOf({ load: data.load, traffic, at: now - startedAt, extraUsers: data.extraUsers })
    if (surge !== null) startSurge(step, 'users' in surge ? { ...surge, until } : { ...surge, seed: plan.seed, until })
  }
  return until
}

export const end = (step: string): void => release(step)
