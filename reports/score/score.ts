import type { Answer, Verdict } from '../../lib/core/verdict.ts'
import { RUN_FILES } from '../../lib/core/run-folder.ts'
import type { RunData } from '../read/run-data.ts'
import { answerQuiet, answerStep, worst } from './answers.ts'
import { judgeStep } from './classify.ts'
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
  const sights = findSubjects(run).map((subject) => ({ subject, sights: sightsOf(subject, stage) }))
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

  const load = judgeLoad(run)
  const alerts = judged.flatMap((one) => one.alerts)
  const answers = [
    ...judged.flatMap((one) => answerStep(one.step, one.alerts)),
    ...answerQuiet(alerts, outside, isKnown),
  ]
  const lines = [...alerts, ...outside].map(({ line }) => line)
  const doubts = [...findDoubts(run, load), ...findDisturbances(run, steps)]
  return {
    schema: 1,
    run: run.id,
    scenario: run.run?.scenario ?? run.scenario?.name ?? 'unknown',
    synthetic: (run.run?.synthetic.length ?? 0) > 0,
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
    load,
    answers,
    lines,
  }
}

// --- Internal helpers ---

/** Without any of these something that the verdict speaks of is not known. */
const REQUIRED: ReadonlySet<string> = new Set([
  RUN_FILES.run,
  RUN_FILES.scenario,
  RUN_FILES.plan,
  RUN_FILES.faults,
  RUN_FILES.requests,
  RUN_FILES.requestSpool,
  RUN_FILES.summary,
  RUN_FILES.rules,
  RUN_FILES.alerts,
  RUN_FILES.scrapes,
  RUN_FILES.presence,
])

/** Why this run cannot pass, whatever its alerts did. */
const findDoubts = ({ run, problems }: RunData, load: Verdict['load']): string[] => {
  const doubts = problems
    .filter(({ file }) => REQUIRED.has(file))
    .map(({ file, kind, reason }) => `${file} is ${kind} (${reason})`)
  if (run !== null && run.ending !== 'completed') {
    doubts.push(`the run did not complete: ${run.ending}${run.endingReason === null ? '' : `, ${run.endingReason}`}`)
  }
  if (!load.delivered) doubts.push(`the load was not delivered: ${load.reason}`)
  return doubts
}

const answerReasons = (answers: readonly Answer[], outcome: Answer['outcome']): string[] =>
  answers.filter((answer) => answer.outcome === outcome).map(({ question, reason }) => `${question} ${reason}`)

/** Lines that failed although every question of their step was answered. */
const lineReasons = (lines: Verdict['lines'], answers: readonly Answer[]): string[] =>
  lines
    .filter(({ step, outcome }) => step !== null && outcome === 'fail' && !isSaid(answers, step))
    .map(({ step, alert, class: verdict, reason }) => `${step}: ${alert} is ${verdict}, ${reason}`)

const isSaid = (answers: readonly Answer[], step: string): boolean =>
  answers.some((answer) => answer.outcome === 'fail' && (answer.step === step || answer.step === null))
