import type { Calibration } from '../../lib/core/calibration.ts'
import type { Event } from '../../lib/core/event.ts'
import type { FaultResource } from '../../lib/core/fault-resource.ts'
import type { AlertRule } from '../../lib/core/rule.ts'
import type {
  ArrivalCount,
  KubeEvent,
  Notification,
  PodRecord,
  Presence,
  RequestRow,
  RunInfo,
  RunPlan,
  SampleSeries,
} from '../../lib/core/run-folder.ts'
import type { Scenario } from '../../lib/core/scenario.ts'
import type { GapHistogram } from '../../lib/core/gap-histogram.ts'

/** A file of the run folder that is not there, or not wholly readable. `torn` still gives what could be read. */
export interface Problem {
  file: string
  kind: 'missing' | 'torn'
  reason: string
}

/** Everything a run left behind. A part is null where its file is missing or unreadable, and `problems` says so. */
export interface RunData {
  /** The run's id from run.json, or the folder's name. */
  id: string
  problems: readonly Problem[]
  run: RunInfo | null
  scenario: Scenario | null
  plan: RunPlan | null
  faults: readonly FaultResource[] | null
  journal: readonly Event[] | null
  requests: readonly RequestRow[] | null
  /** Gaps between the content events of all requests together. */
  gaps: GapHistogram
  /** How far an open loop's schedule had come; null for users, and where nobody counted. */
  arrivals: ArrivalCount | null
  /** Of the client on the machine that ran it; null where it was not calibrated. */
  calibration: Calibration | null
  /** k6's own summary; its form is k6's. */
  summary: unknown
  rules: readonly AlertRule[] | null
  alerts: readonly SampleSeries[] | null
  conditions: readonly SampleSeries[] | null
  scrapes: readonly SampleSeries[] | null
  presence: Readonly<Presence> | null
  notifications: readonly Notification[] | null
  events: readonly KubeEvent[] | null
  pods: readonly PodRecord[] | null
  /** By metric name; a metric without a file has no entry. */
  series: ReadonlyMap<string, readonly SampleSeries[]>
  /** Names of the files in kube/logs. */
  logs: readonly string[]
}
