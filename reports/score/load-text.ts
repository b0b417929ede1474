import { formatDuration } from '../../lib/core/duration.ts'
import type { Slo } from '../../lib/core/load.ts'
import { RUN_FILES } from '../../lib/core/run-folder.ts'
import type { Goodput, LoadDelivery, Percentiles } from '../../lib/core/verdict.ts'
import { inError, measured } from '../read/precision.ts'
import { plural } from './words.ts'

/** The load in sentences: what was delivered, how long users waited, what they were promised, and how exact all this is. */
export const loadSentences = (load: LoadDelivery): string[] => {
  const { clientError: error } = load
  return [
    [
      load.reason,
      `${plural(load.requests, 'request')}, ${load.failedRequests} failed${failures(load)}`,
      ...(load.inFlight === null ? [] : [`in flight ${load.inFlight.p50} (most ${load.inFlight.max})`]),
    ].join('; '),
    [
      ...durations('TTFT', load.ttft, error?.ttft ?? null),
      ...durations('users waited for it', load.wait, error?.wait ?? null),
      ...durations('TPOT', load.tpot, error?.gap ?? null),
      ...durations('gaps', load.gap, error?.gap ?? null),
    ].join('; '),
    ...(load.goodput === null ? [] : [goodputText(load.goodput)]),
    clientText(load),
    promptsText(load),
  ].filter((sentence) => sentence !== '')
}

export const goodputText = (goodput: Goodput): string => {
  const { slo, good, of, undecided, phases } = goodput
  const cut =
    undecided === 0
      ? ''
      : `; ${undecided} of them were cut off by the end of the run: at most ${share({ good: good + undecided, of })}`
  const byPhase =
    phases.length < 2 ? '' : `; ${phases.map(({ phase, ...kept }) => `${PHASES[phase]} ${share(kept)}`).join(', ')}`
  return `Goodput ${share({ good, of })} of ${plural(of, 'scheduled request')} (${sloText(slo)})${byPhase}${cut}`
}

/** `TTFT ≤ 2s, TPOT ≤ 100ms` */
export const sloText = ({ ttft, tpot, e2e }: Slo): string =>
  Object.entries({ TTFT: ttft, TPOT: tpot, 'whole answer': e2e })
    .flatMap(([name, ms]) => (ms === undefined ? [] : [`${name} ≤ ${formatDuration(ms)}`]))
    .join(', ')

export const clientText = ({
  clientError: error,
  calibrationDamage,
}: Pick<LoadDelivery, 'clientError' | 'calibrationDamage'>): string => {
  if (calibrationDamage !== null)
    return `The client’s calibration is damaged, and how exact these times are is not known: ${RUN_FILES.calibration}: ${calibrationDamage}`
  return error === null
    ? 'The client is not calibrated on this machine: how exact these times are is not known'
    : `The client’s own error on this machine (p99, ${error.streams} streams): TTFT ${inError(error.ttft)}, from the intended start ${inError(error.wait)}, gaps ${inError(error.gap)}`
}

/** Empty where nobody knows. */
export const promptsText = ({ prompts }: Pick<LoadDelivery, 'prompts'>): string =>
  prompts === null ? '' : `Prompt lengths were ${prompts.exact ? 'exact' : 'not exact'}: ${prompts.note}`

export const PHASES: Record<Goodput['phases'][number]['phase'], string> = {
  before: 'before the first fault',
  during: 'during faults',
  after: 'after them',
}

/** `97.3 %`; never rounded up to all, never down to none. */
export const share = ({ good, of }: { good: number; of: number }): string => {
  if (of === 0) return '–'
  const percent = (100 * good) / of
  const text = percent.toFixed(1)
  if (text === '100.0' && good < of) return '> 99.9 %'
  if (text === '0.0' && good > 0) return '< 0.1 %'
  return `${text.replace('.0', '')} %`
}

// --- Internal helpers ---

const FINE = new Set(['ok', 'stopped', 'cancelled'])

const failures = ({ outcomes }: LoadDelivery): string => {
  const kinds = Object.entries(outcomes).filter(([outcome]) => !FINE.has(outcome))
  return kinds.length === 0 ? '' : ` (${kinds.map(([outcome, count]) => `${count} ${outcome}`).join(', ')})`
}

const durations = (name: string, values: Percentiles, error: number | null): string[] =>
  values === null
    ? []
    : [
        `${name} p50 ${measured(values.p50, error)}, p95 ${measured(values.p95, error)}, p99 ${measured(values.p99, error)}`,
      ]
