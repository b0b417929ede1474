import type { Case } from '../../lib/core/case.ts'
import { STEP_LABEL } from '../../lib/core/fault-resource.ts'
import { deriveSeed, seededRandom, type Random } from '../../lib/core/random.ts'
import { holdOf } from '../read/load-window.ts'
import type { RunData } from '../read/run-data.ts'
import { stepRecords, type StepRecord } from '../score/steps.ts'
import { wasInForce } from '../score/together.ts'
import { componentOf } from './component.ts'

/**
 * The run's incident windows with their labels: one for every fault that bit, and fault-free windows under the same
 * load (a control is one), in which an incident is asked for that is not there. Order and names say nothing of what a window holds.
 */
export const findCases = (run: RunData): Case[] => {
  const hold = holdOf(run.scenario, run.run)
  const from = hold?.from ?? run.run?.loadStartedAt ?? null
  const to = run.run?.loadEndedAt ?? run.run?.endedAt ?? null
  if (from === null || to === null || run.faults === null) return []
  const steps = stepRecords(run).filter(isInjected)
  const synthetic = (run.run?.synthetic.length ?? 0) > 0
  const simulated = run.run?.simulated ?? false
  const found = [
    ...steps.flatMap((step, index) => faultCase(step, steps, index, { from, to, run })),
    ...quietCases(steps, { from, to }, seededRandom(deriveSeed(run.run?.seed ?? 0, run.id))),
  ]
  return found
    .map((one, index): Case => Object.assign({ id: caseId(run, index), synthetic, simulated }, one))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
}

// --- Internal helpers ---

type Unnamed = Omit<Case, 'id' | 'synthetic' | 'simulated'> & Partial<Pick<Case, 'synthetic'>>
type Injected = StepRecord & { injected: number }

/** The most that goes before an incident, what goes after it, and the least that is worth a fault-free window. */
const BEFORE_MS = 120_000
const AFTER_MS = 15_000
const LEAST_MS = 10_000
/** Kubernetes Events know whole seconds only: what a fault does is stamped up to one before it was injected. A case ends clear of the next. */
const CLEAR_MS = 2_000

const isInjected = (step: StepRecord): step is Injected => step.injected !== null

const faultCase = (
  step: Injected,
  steps: readonly Injected[],
  index: number,
  { from, to, run }: { from: number; to: number; run: RunData },
): Unnamed[] => {
  if (step.bit !== true || step.over === null) return []
  const earlier = steps.slice(0, index)
  const next = steps[index + 1]
  const clear = (next?.injected ?? Infinity) - CLEAR_MS
  // The next fault came with it: whose traces are whose nobody can tell.
  if (clear <= step.injected) return []
  // Another fault is still in force, or its traces are still there where none may be.
  const worn = Math.max(from, ...earlier.map(({ over }) => over ?? from))
  if (earlier.some((other) => wasInForce(other, step.injected)) || (step.control && worn > step.injected)) return []
  const end = Math.min(clear, step.recovered ?? step.healed ?? step.over)
  const normalFrom = Math.max(worn, step.injected - BEFORE_MS)
  return [
    {
      kind: step.control ? 'none' : 'fault',
      normalFrom: Math.min(normalFrom, step.injected),
      incidentFrom: step.injected,
      incidentTo: end,
      to: Math.max(end, Math.min(step.over + AFTER_MS, clear, to)),
      fault: step.control ? null : step.fault,
      component: step.control ? null : componentOf(step.name, run),
      bit: !step.control,
      // Whatever ran for real: of such a fault only the telemetry speaks.
      ...(isSynthetic(step.name, run) ? { synthetic: true } : {}),
    },
  ]
}

const isSynthetic = (step: string, { faults }: RunData): boolean =>
  faults?.findLast(({ metadata }) => metadata.labels?.[STEP_LABEL] === step)?.status?.evidence?.facts['synthetic'] ===
  true

/** Loaded time without any fault: before the first, and after the last has worn off. */
const quietCases = (
  steps: readonly Injected[],
  { from, to }: { from: number; to: number },
  random: Random,
): Unnamed[] => {
  const first = (steps[0]?.injected ?? to) - CLEAR_MS
  const last = Math.max(from, ...steps.map(({ over }) => over ?? to)) + AFTER_MS
  const spans =
    steps.length === 0
      ? [{ from, to }]
      : [
          { from, to: first },
          { from: last, to },
        ]
  return spans
    .filter((span) => span.to - span.from >= LEAST_MS)
    .map((span) => ({
      kind: 'none',
      normalFrom: span.from,
      // Not the same place in each, which would tell them from the others.
      incidentFrom: Math.round(span.from + (0.4 + 0.3 * random.next()) * (span.to - span.from)),
      incidentTo: span.to,
      to: span.to,
      fault: null,
      component: null,
      bit: false,
    }))
}

/** One draw more than the hash: hashes of names that differ in their last letter only are neighbours. */
const caseId = (run: RunData, index: number): string => {
  const random = seededRandom(deriveSeed(run.run?.seed ?? 0, `${run.id} ${index}`))
  return `case-${random
    .int(2 ** 32)
    .toString(16)
    .padStart(8, '0')}`
}
