import { EXIT, type ExitCode, UserError } from '../core/errors.ts'
import { alertWindow, ruleTiming, toleranceMs } from '../core/alert-window.ts'
import { describeWhen } from '../core/describe-when.ts'
import { describeWorkload } from '../core/describe-workload.ts'
import { formatDuration } from '../core/duration.ts'
import { describeLoad, loadPlan } from '../core/load.ts'
import type { RunPlan } from '../core/run-folder.ts'
import type { Scenario } from '../core/scenario.ts'
import { isMeant } from '../core/symptom.ts'
import type { Workload } from '../core/workload.ts'
import { prepare, readScenario } from '../run/prepare.ts'
import type { Context } from './context.ts'
import { readSymptoms, WORKLOADS } from './run.ts'
import { limitsFor, scaleRun } from './scale-run.ts'
import { renderTable } from './table.ts'
import { isNamed, namedTarget, runningTarget, type TargetFlags } from './target.ts'

/** Checks everything that a run would check, and prints what it would do; touches nothing. */
export const plan = async (
  context: Context,
  path: string,
  flags: TargetFlags & { symptoms?: string; scale?: number; json?: boolean },
): Promise<ExitCode> => {
  const written = await readScenario(path, WORKLOADS)
  const loaded = scaleRun(written, flags.scale, isNamed(flags) ? undefined : limitsFor(context, flags))
  const symptoms = flags.symptoms === undefined ? {} : await readSymptoms(flags.symptoms)
  const target = isNamed(flags) ? namedTarget(flags) : await runningTarget(context, withoutRules(flags))
  const { plan: planned, scenario, workload } = await prepare({ loaded, target, symptoms })
  context.out(flags.json === true ? `${JSON.stringify(planned, null, 2)}\n` : describePlan(scenario, planned, workload))
  return EXIT.pass
}

/** The plan as people read it. */
export const describePlan = (
  scenario: Scenario,
  { target, timing, rules, steps, warnings }: RunPlan,
  workload: Workload,
): string =>
  [
    `${scenario.name}: ${scenario.summary}`,
    `target    ${target.replicas} pods of ${target.selector} in ${target.namespace}, model ${target.model} (engine ${target.engineVersion ?? 'unknown'}), at ${target.url}`,
    `load      ${describeLoad(loadPlan(scenario.load))}; workload ${scenario.load.workload}`,
    ...describeWorkload({ ...workload, slo: scenario.load.slo }).map((fact) => `          ${fact}`),
    `watched   every ${formatDuration(timing.scrapeIntervalMs)}, judged every ${formatDuration(timing.evaluationIntervalMs)}, ${rules.length} alerts`,
    '',
    renderTable([
      ['STEP', 'FAULT', 'WHEN', 'LASTING', 'MUST ALERT', 'MAY ALERT'],
      ...steps.map(({ name, fault, durationMs, expected }) => [
        name,
        fault,
        whenText(scenario.timeline[name]),
        formatDuration(durationMs),
        expected.alerts.map((anyOf) => anyOf.join('|')).join(', '),
        expected.tolerates.join(', '),
      ]),
    ]),
    renderTable([['STEP', 'ALERT', 'MUST FIRE', 'ONSET'], ...expectedWindows({ timing, rules, steps })]),
    'MUST FIRE counts from the injection, its end from the moment that the fault is seen to bite, where that is later.\n',
    renderTable([
      ['ALERT', 'SYMPTOM', 'FOR', 'WINDOW', 'HEALTH'],
      ...rules.map(({ alert, symptom, forMs, windowMs, health }) => [
        alert,
        symptom ?? '-',
        formatDuration(forMs),
        windowMs === 0 ? '-' : formatDuration(windowMs),
        health,
      ]),
    ]),
    ...warnings.map((warning) => `warning: ${warning}\n`),
  ].join('\n')

// --- Internal helpers ---

/** A plan is made on the rules in force, and touches nothing: other rules would have to be loaded for it. */
const withoutRules = (flags: TargetFlags): TargetFlags => {
  if (flags.rules === undefined) return flags
  throw new UserError({
    code: 'rules-not-in-force',
    message: 'expected to plan on the rules in force, found --rules, which would have to be loaded first',
    hint: `load them with \`firedrill up --name ${flags.name} --rules ${flags.rules.join(' ')}\`, then plan without the flag`,
  })
}

/** A row per step and alert that it asks for: when the physics of scraping and evaluating lets it fire, and the target's onset. */
const expectedWindows = ({ timing, rules, steps }: Pick<RunPlan, 'timing' | 'rules' | 'steps'>): string[][] =>
  steps.flatMap(({ name, expected: { alerts, onsetMs } }) => {
    const asked = rules.filter((rule) => alerts.flat().some((entry) => isMeant(entry, rule)))
    return [...Map.groupBy(asked, ({ alert }) => alert)].map(([alert, own]) => {
      const timings = own.map((rule) => ruleTiming(rule, timing.scrapeIntervalMs))
      const { from, to } = alertWindow({ from: 0, to: 0 }, timings, onsetMs)
      const latest = to + Math.max(...timings.map(toleranceMs))
      return [name, alert, `+${formatDuration(from)}…+${formatDuration(latest)}`, formatDuration(onsetMs)]
    })
  })

const whenText = (step: Scenario['timeline'][string] | undefined): string => {
  if (step === undefined) return ''
  const beside = step.overlaps.length === 0 ? '' : `, beside ${step.overlaps.join(', ')}`
  return `${describeWhen(step.when)}${beside}`
}
