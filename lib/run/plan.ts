import { DEFAULT_ONSET_MS } from '../core/alert-window.ts'
import { UserError } from '../core/errors.ts'
import { type FaultRegistry, isControl } from '../core/fault.ts'
import type { AlertRule } from '../core/rule.ts'
import type { RunPlan } from '../core/run-folder.ts'
import type { Scenario } from '../core/scenario.ts'
import { isMeant, isSymptom, SYMPTOMS } from '../core/symptom.ts'
import { extraUsers } from './extra-users.ts'

export interface Facts {
  target: RunPlan['target']
  timing: RunPlan['timing']
  rules: AlertRule[]
}

/** What the run promises before anything is touched. Throws where the scenario names an alert that nobody has. */
export const makePlan = (scenario: Scenario, { target, timing, rules }: Facts, faults: FaultRegistry): RunPlan => {
  const inForce = rules.map(({ alert }) => alert)
  requireKnownAlerts(scenario, inForce)
  requireQuietControls(scenario, faults)
  const steps = Object.entries(scenario.timeline).map(([name, step]) => {
    const { alerts = [], tolerates = [], onset = DEFAULT_ONSET_MS } = scenario.expect[name] ?? {}
    return {
      name,
      fault: step.fault,
      params: step.params,
      durationMs: step.lasting,
      group: faults[step.fault]?.group ?? null,
      draw: faults[step.fault]?.draw ?? 'band',
      control: isControlStep(step, faults),
      expected: {
        alerts: alerts.map((entry) => (typeof entry === 'string' ? [entry] : entry)),
        tolerates,
        onsetMs: onset,
      },
    }
  })
  const warned = warnings(steps, rules)
  return { target, timing, rules, steps, extraUsers: extraUsers(scenario, faults), warnings: warned }
}

/** Throws `alert-unknown` where an expectation names what is neither a symptom nor one of these alerts. */
export const requireKnownAlerts = (scenario: Scenario, inForce: readonly string[]): void => {
  const alerts = new Set(inForce)
  const problems = Object.entries(scenario.expect).flatMap(([step, { alerts: expected, tolerates }]) =>
    [...expected.flat(), ...tolerates]
      .filter((name) => !isSymptom(name) && !alerts.has(name))
      .map((name) => `"${name}" at expect.${step}`),
  )
  if (problems.length === 0) return
  throw new UserError({
    code: 'alert-unknown',
    message: `expected symptoms (${SYMPTOMS.join(', ')}) or alerts in force (${[...alerts].join(', ') || 'none'}), found ${problems.join(', ')}`,
    hint: 'mend the name in the scenario, or load the rules that have it with --rules FILE',
  })
}

/** Throws `control-expects` where an alert is to fire during a control. */
export const requireQuietControls = (scenario: Scenario, faults: FaultRegistry): void => {
  const problems = Object.entries(scenario.timeline).flatMap(([name, step]) => {
    const alerts = scenario.expect[name]?.alerts.flat() ?? []
    return isControlStep(step, faults) && alerts.length > 0 ? [`${alerts.join(', ')} at expect.${name}`] : []
  })
  if (problems.length === 0) return
  throw new UserError({
    code: 'control-expects',
    message: `expected every alert to stay quiet during a control, found ${problems.join('; ')}`,
    hint: 'take these alerts out of the scenario, or name under `tolerates` what may fire all the same',
  })
}

// --- Internal helpers ---

const isControlStep = ({ fault }: { fault: string }, faults: FaultRegistry): boolean => {
  const definition = Object.hasOwn(faults, fault) ? faults[fault] : undefined
  return definition !== undefined && isControl(definition)
}

/** Rules that a name of an expectation speaks of: a symptom's, or one alert's. */
const rulesOf = (name: string, rules: AlertRule[]): AlertRule[] => rules.filter((rule) => isMeant(name, rule))

const warnings = (steps: RunPlan['steps'], rules: AlertRule[]): string[] => [
  ...steps.flatMap(({ name, expected }) =>
    expected.alerts
      .filter((anyOf) => anyOf.every((entry) => rulesOf(entry, rules).length === 0))
      .map(
        (anyOf) => `${name} expects ${anyOf.join(' or ')}, and no rule in force speaks of it: it cannot be answered`,
      ),
  ),
  ...rules.filter(({ health }) => health === 'err').map(({ alert, lastError }) => `${alert} is broken: ${lastError}`),
  ...rules
    .filter(({ symptom }) => symptom === null)
    .map(({ alert }) => `${alert} has no symptom: it must stay quiet; name one by a label or with --symptoms FILE`),
  ...steps.flatMap(({ name, expected, durationMs }) =>
    expected.alerts
      .flat()
      .flatMap((entry) => rulesOf(entry, rules))
      .filter((rule) => rule.forMs >= durationMs)
      .map(
        (rule) =>
          `${rule.alert} waits ${rule.forMs / 1_000} s and ${name} lasts ${durationMs / 1_000} s: it cannot fire by design`,
      ),
  ),
]
