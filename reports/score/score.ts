import type { Answer, Verdict } from '../../lib/core/verdict.ts'
import type { RunData } from '../read/run-data.ts'
import { answerControl, answerQuiet, answerStep, worst } from './answers.ts'
import { judgeStep } from './classify.ts'
import { findDoubts, findUnchecked, unhealedFaults } from './evidence.ts'
import { judgeLoad } from './load.ts'
import { judgeOutside } from './outside.ts'
import { makeStage, sightsOf } from './sight.ts'
import { findDisturbances } from './steadiness.ts'
import { stepRecords } from './steps.ts'
import { findSubjects } from './subjects.ts'

/** Judges a run: a pure function of what its folder holds. */
export const score = (run: RunData): Verdict => {
  const steps = stepRecords(run)
  const stage = makeStage(run, steps)
  const subjects = findSubjects(run)
  const sights = subjects.map((subject) => ({ subject, sights: sightsOf(subject, stage) }))
  // Without the plan or the fault records nobody can say what an alert was not about.
  const isKnown = run.alerts !== null && run.faults !== null && run.plan !== null
  const outside = isKnown ? sights.flatMap((one) => judgeOutside(one.subject, one.sights.outside, stage)) : []
  const judged = steps.map((step, index) => ({
    step,
    alerts: judgeStep(
      sights.flatMap((one) => one.sights.seen[index] ?? []),
      run.notifications ?? [],
    ),
  }))

  const load = judgeLoad(run, steps)
  const alerts = judged.flatMap((one) => one.alerts)
  const answers = [
    ...judged.flatMap((one) => answerStep(one.step, one.alerts)),
    ...judged.flatMap((one) => answerControl(one.step, one.alerts, isKnown)),
    ...answerQuiet(alerts, outside, isKnown),
  ]
  const lines = [...alerts, ...outside].map(({ line }) => line)
  const doubts = [...findDoubts(run, load, subjects), ...findDisturbances(run, steps)]
  return {
    schema: 1,
    run: run.id,
    scenario: run.run?.scenario ?? run.scenario?.name ?? 'unknown',
    synthetic: (run.run?.synthetic.length ?? 0) > 0,
    simulated: run.run?.simulated ?? false,
    scale: run.run?.scale ?? null,
    outcome: worst([
      ...lines.map(({ outcome }) => outcome),
      ...answers.map(({ outcome }) => outcome),
      ...doubts.map(() => 'unknown' as const),
    ]),
    reasons: [
      ...answerReasons(answers, 'fail'),
      ...lineReasons(lines, answers),
      ...doubts,
      ...answerReasons(answers, 'unknown'),
    ],
    unhealed: unhealedFaults(run),
    unchecked: findUnchecked(run, subjects),
    load,
    answers,
    lines,
  }
}

// --- Internal helpers ---

const answerReasons = (answers: readonly Answer[], outcome: Answer['outcome']): string[] =>
  answers.filter((answer) => answer.outcome === outcome).map(({ question, reason }) => `${question} ${reason}`)

/** Lines that failed although every question of their step was answered. */
const lineReasons = (lines: Verdict['lines'], answers: readonly Answer[]): string[] =>
  lines
    .filter(({ step, outcome }) => step !== null && outcome === 'fail' && !isSaid(answers, step))
    .map(({ step, alert, class: verdict, reason }) => `${step}: ${alert} is ${verdict}, ${reason}`)

const isSaid = (answers: readonly Answer[], step: string): boolean =>
  answers.some((answer) => answer.outcome === 'fail' && (answer.step === step || answer.step === null))
