import { isMeant, isSymptom } from '../../lib/core/symptom.ts'
import type { Answer, Outcome, VerdictLine } from '../../lib/core/verdict.ts'
import { isAnswer, type Judged } from './classify.ts'
import type { OutsideLine } from './outside.ts'
import type { StepRecord } from './steps.ts'
import { plural, seconds } from './words.ts'

/** Fail over unknown over pass: what cannot be judged never turns a failure into something better. */
export const worst = (outcomes: readonly Outcome[]): Outcome => {
  if (outcomes.includes('fail')) return 'fail'
  return outcomes.includes('unknown') ? 'unknown' : 'pass'
}

/** One answer for every entry of the step's expectations. */
export const answerStep = (step: StepRecord, judged: readonly Judged[]): Answer[] =>
  step.expected.alerts.map((entry) => {
    const asked = judged.filter(({ seen }) => entry.some((name) => isMeant(name, seen.subject)))
    const question = `Did ${phrase(entry)} fire when "${step.name}" (${step.fault}) was injected?`
    const answers = asked.filter(({ seen }) => isAnswer(seen)).sort((a, b) => firedAt(a.line) - firedAt(b.line))
    const [best] = answers
    const base = { step: step.name, question }
    if (best === undefined) return { ...base, ...unanswered(asked, entry), alert: null, timeToDetectMs: null }
    const ttd = step.injected === null ? null : firedAt(best.line) - step.injected
    const reason = `${best.line.alert} fired${ttd === null ? '' : ` after ${seconds(ttd)}`}`
    return { ...base, outcome: 'pass', alert: best.line.alert, timeToDetectMs: ttd, reason }
  })

/** Of a control: whether nothing fired that the scenario does not tolerate. */
export const answerControl = (step: StepRecord, judged: readonly Judged[], isKnown: boolean): Answer[] => {
  if (!step.control) return []
  const question = `Did every alert stay quiet during "${step.name}" (${step.fault})?`
  const answer = quiet(
    question,
    judged.map(({ line }) => line),
    isKnown,
  )
  return [{ ...answer, step: step.name }]
}

/** Whether every alert was quiet before the first fault, and whether everything that was not asked for stayed quiet. */
export const answerQuiet = (judged: readonly Judged[], outside: readonly OutsideLine[], isKnown: boolean): Answer[] => {
  const before = outside.filter((one) => one.before).map(({ line }) => line)
  const rest = [
    ...judged.filter(({ role, seen }) => role !== 'expected' && !seen.step.control).map(({ line }) => line),
    ...outside.filter((one) => !one.before).map(({ line }) => line),
  ]
  return [
    quiet('Was every alert quiet before the first fault?', before, isKnown),
    quiet('Did everything else stay quiet?', rest, isKnown),
  ]
}

// --- Internal helpers ---

const phrase = (entry: readonly string[]): string => {
  const symptoms = entry.filter(isSymptom)
  const alerts = entry.filter((name) => !isSymptom(name))
  const [first] = symptoms
  const parts = [...(first === undefined ? [] : [`${article(first)} ${symptoms.join(' or ')} alert`]), ...alerts]
  return parts.join(' or ')
}

const article = (word: string): string => (/^[aeiou]/.test(word) ? 'an' : 'a')

const firedAt = ({ seen }: VerdictLine): number => seen?.firedAt ?? Infinity

const unanswered = (asked: readonly Judged[], entry: readonly string[]): { outcome: Outcome; reason: string } => {
  if (asked.length === 0) return { outcome: 'unknown', reason: `no rule in force speaks of ${entry.join(' or ')}` }
  const lines = asked.map(({ line }) => line)
  // An alert that was tolerated for what another entry's alert answered has not answered this one.
  const outcome = worst([...lines.map((line) => line.outcome), 'unknown'])
  return { outcome, reason: list(lines.map((line) => `${line.alert}: ${line.class}, ${line.reason}`)) }
}

const quiet = (question: string, lines: readonly VerdictLine[], isKnown: boolean): Answer => {
  const base = { step: null, question, alert: null, timeToDetectMs: null }
  const loud = lines.filter(({ outcome }) => outcome !== 'pass')
  if (loud.length === 0 && !isKnown)
    return { ...base, outcome: 'unknown', reason: 'the alert samples, the plan or the fault records are missing' }
  if (loud.length === 0) return { ...base, outcome: 'pass', reason: 'nothing fired that should not have' }
  const found = [...Map.groupBy(loud, (line) => `${line.alert} ${line.class}`)].map(([name, same]) => {
    const steps = [...new Set(same.map(({ step }) => step))].filter((step) => step !== null)
    return steps.length === 0 ? name : `${name} (${steps.join(', ')})`
  })
  return { ...base, outcome: worst(loud.map(({ outcome }) => outcome)), reason: list(found) }
}

const SHOWN = 3

const list = (items: readonly string[]): string => {
  const rest = items.length - SHOWN
  return [...items.slice(0, SHOWN), ...(rest > 0 ? [`and ${plural(rest, 'more alert')}`] : [])].join('; ')
}
