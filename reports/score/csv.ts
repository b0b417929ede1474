import { stringify } from 'csv-stringify/sync'
import type { Verdict } from '../../lib/core/verdict.ts'

/** verdict.csv: one row per line of the verdict, times as in verdict.json, empty where there is none. */
export const verdictCsv = ({ run, lines }: Verdict): string =>
  stringify(
    lines.map((line) => ({
      run,
      step: line.step,
      alert: line.alert,
      symptom: line.symptom,
      class: line.class,
      outcome: line.outcome,
      injected_ms: line.injectedAt,
      expected_from_ms: line.expected?.from,
      expected_to_ms: line.expected?.to,
      pending_ms: line.seen?.pendingAt,
      fired_ms: line.seen?.firedAt,
      resolved_ms: line.seen?.resolvedAt,
      notified_ms: line.seen?.notifiedAt,
      episodes: line.seen?.episodes,
      reason: line.reason,
    })),
    { header: true, columns: [...COLUMNS] },
  )

// --- Internal helpers ---

const COLUMNS = [
  'run',
  'step',
  'alert',
  'symptom',
  'class',
  'outcome',
  'injected_ms',
  'expected_from_ms',
  'expected_to_ms',
  'pending_ms',
  'fired_ms',
  'resolved_ms',
  'notified_ms',
  'episodes',
  'reason',
] as const
