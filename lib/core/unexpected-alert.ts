import { resetLatest, ruleTiming, toleranceMs } from './alert-window.ts'
import type { FaultWindow } from './fault-window.ts'
import type { RunPlan } from './run-folder.ts'
import { isMeant } from './symptom.ts'

export interface Firing {
  /** Names of the alerts that fire. */
  alerts: readonly string[]
  /** Milliseconds since the epoch. */
  at: number
}

/** Of the run's plan. */
export type Expecting = Pick<RunPlan, 'rules' | 'timing'> & {
  steps: readonly Pick<RunPlan['steps'][number], 'name' | 'expected'>[]
}

/** The alerts that no fault in force, nor one that is over but whose alerts may still hold, is expected or allowed to raise. */
export const unexpectedAlerts = (
  { alerts, at }: Firing,
  { steps, rules, timing }: Expecting,
  windows: readonly FaultWindow[],
): string[] =>
  alerts.filter((alert) => {
    const own = rules.filter((rule) => rule.alert === alert)
    const tail = Math.max(
      0,
      ...own.map((rule) => {
        const physics = ruleTiming(rule, timing.scrapeIntervalMs)
        return resetLatest(0, physics) + toleranceMs(physics)
      }),
    )
    const inForce = new Set(windows.filter(({ from, to }) => at >= from && at <= to + tail).map(({ step }) => step))
    const names = steps
      .filter(({ name }) => inForce.has(name))
      .flatMap(({ expected }) => [...expected.alerts.flat(), ...expected.tolerates])
    return !names.some((name) => name === alert || own.some((rule) => isMeant(name, rule)))
  })
