import { z } from 'zod'
import { DEFAULT_ONSET_MS } from './alert-window.ts'
import { FAULT_GROUPS } from './fault.ts'
import { AlertRule } from './rule.ts'
import { Scale } from './scale.ts'
import { Outcome } from './verdict.ts'

/** The files of a run, relative to its folder. Everything after the run reads these and nothing else. */
export const RUN_FILES = {
  run: 'run.json',
  scenario: 'scenario.json',
  plan: 'plan.json',
  journal: 'journal.jsonl',
  /** The Fault objects as they ended: the ground truth (FaultResource[]). */
  faults: 'faults.json',
  /** A row per request, in RequestRecord's columns. The spool is what k6 writes while it runs, one JSON object a line. */
  requests: 'load/requests.parquet',
  requestSpool: 'load/requests.jsonl',
  /** Lines of the spool that are no record, kept for whoever wants to look: a killed k6 may tear the last one. */
  tornRequests: 'load/requests.torn.jsonl',
  arrivals: 'load/arrivals.json',
  /** How exact the client is on the machine that ran it (Calibration). */
  calibration: 'load/calibration.json',
  summary: 'load/summary.json',
  /** The rules at the end of the run, with their health (AlertRule[]). */
  rules: 'prometheus/rules.json',
  alerts: 'prometheus/alerts.jsonl',
  conditions: 'prometheus/conditions.jsonl',
  scrapes: 'prometheus/scrapes.jsonl',
  /**
   * How many series each metric that a rule reads had during the run ({ [name]: number | null }). 0: nothing that is
   * scraped has such a metric. Null: a target describes the metric and had nothing to report, which is no defect of a rule.
   */
  presence: 'prometheus/presence.json',
  /** One file per metric: columns time_ms (int64), value (double), labels (JSON text). */
  series: 'prometheus/series',
  notifications: 'alertmanager/notifications.jsonl',
  events: 'kube/events.jsonl',
  pods: 'kube/pods.jsonl',
  logs: 'kube/logs',
  verdict: 'verdict.json',
  verdictCsv: 'verdict.csv',
  report: 'report.html',
  /** What may be shown to whoever is to find the cause; the answers lie beside it, never in it. */
  dataset: 'dataset',
  groundTruth: 'dataset-ground-truth',
} as const

/** Virtual users that k6's own gauge (`k6_vus`) counts beside those of the load: the one that plays the timeline, from start to end. */
export const TIMELINE_USERS = 1

/** The file of one metric's raw samples: `vllm:num_requests_running` is `prometheus/series/vllm.num_requests_running.parquet`. */
export const seriesFile = (metric: string): string =>
  `${RUN_FILES.series}/${encodeURIComponent(metric.replaceAll(':', '.'))}.parquet`

/** On each line of conditions.jsonl, beside the labels of the expression's own result: whose condition it is. */
export const CONDITION_ALERT = '__alert__'
export const CONDITION_GROUP = '__group__'

/** Presence of the metrics that rules read: prometheus/presence.json. */
export const Presence = z.record(z.string(), z.number().int().nullable())
export type Presence = z.infer<typeof Presence>

/** run.json. Times are milliseconds since the epoch. */
export const RunInfo = z.strictObject({
  schema: z.literal(1),
  id: z.string(),
  scenario: z.string(),
  argv: z.array(z.string()),
  seed: z.number().int(),
  startedAt: z.number(),
  /** Null while the run is open, and for ever where it was killed. */
  endedAt: z.number().nullable(),
  /** When k6 began to ramp: the zero of the scenario's timeline. */
  loadStartedAt: z.number().nullable(),
  loadEndedAt: z.number().nullable(),
  ending: z.enum(['open', 'completed', 'interrupted', 'stopped', 'halted', 'failed']),
  /** Why it was stopped, halted or failed. */
  endingReason: z.string().nullable(),
  versions: z.record(z.string(), z.string()),
  git: z.strictObject({ commit: z.string(), dirty: z.boolean() }).nullable(),
  /** Parts of the target that are emulated (`engine`, `gpu`); empty on real hardware. */
  synthetic: z.array(z.string()),
  /** True where nothing ran at all: `firedrill simulate` played it on simulated time. */
  simulated: z.boolean().default(false),
  /** What the scenario was multiplied by to fit the target; null where it was played as it is written. */
  scale: Scale.nullable().default(null),
})
export type RunInfo = z.infer<typeof RunInfo>

const Expected = z.strictObject({
  /** Each entry is satisfied by any one of its names; a name is a symptom or an alert. */
  alerts: z.array(z.array(z.string())),
  tolerates: z.array(z.string()),
  /** How long the target may take to show the effect once the fault bites. Plans made before there was one have the default. */
  onsetMs: z.number().nonnegative().default(DEFAULT_ONSET_MS),
})

/** plan.json: what was known and promised before anything was touched. */
export const RunPlan = z.strictObject({
  target: z.strictObject({
    namespace: z.string(),
    selector: z.string(),
    url: z.string(),
    prometheus: z.string(),
    replicas: z.number().int(),
    model: z.string(),
    engineVersion: z.string().nullable(),
    /** Whether there was somebody to ask what Alertmanager told: its webhook receiver, or Alertmanager itself. */
    notifications: z.boolean().default(false),
  }),
  timing: z.strictObject({ scrapeIntervalMs: z.number(), evaluationIntervalMs: z.number() }),
  rules: z.array(AlertRule),
  steps: z.array(
    z.strictObject({
      name: z.string(),
      fault: z.string(),
      params: z.record(z.string(), z.unknown()),
      durationMs: z.number(),
      /** How the page draws it; runs made before there were groups have none. */
      group: z.enum(FAULT_GROUPS).nullable().default(null),
      draw: z.enum(['moment', 'band']).default('band'),
      /** Whatever it does, no alert may speak of it. */
      control: z.boolean().default(false),
      expected: Expected,
    }),
  ),
  /** Virtual users that k6 keeps ready for surges: its own gauge counts them too. */
  extraUsers: z.number().int().nonnegative().default(0),
  /** What could not be judged, or was odd, said before the run. */
  warnings: z.array(z.string()),
})
export type RunPlan = z.infer<typeof RunPlan>

/** Durations of one request from its written request, null where it never came. */
const sinceWritten = z.number().nonnegative().nullable()
const count = z.number().int().nonnegative()

/**
 * A line of the spool: what k6/x/llm measured of one request, failed ones too (tools/k6/types/llm.d.ts says each field
 * in a sentence). Times in milliseconds since the epoch (fractions kept), durations in milliseconds, null where it
 * never came.
 */
export const RequestRecord = z.strictObject({
  id: z.string(),
  vu: z.number().int(),
  iteration: z.number().int(),
  /** Index in the whole schedule; null for users of a closed loop. */
  arrival: count.nullable(),
  /** When the schedule wanted it; null where there is none. */
  intended: z.number().nullable(),
  /** When the virtual user asked for it. */
  started: z.number(),
  /** When a connection was at hand, and whether that had carried a request before. */
  connected: z.number().nullable(),
  reused: z.boolean().nullable(),
  /** When the whole request was written. */
  written: z.number().nullable(),
  ended: z.number(),
  /** Four firsts: any event, any choice, content of any kind, content that is not reasoning. */
  firstEvent: sinceWritten,
  firstChoice: sinceWritten,
  ttft: sinceWritten,
  firstAnswer: sinceWritten,
  /** (last − first content event) / (output tokens − 1). */
  tpot: z.number().nullable(),
  /** From when it was asked for to its end. */
  e2e: z.number(),
  /** Of the gaps between two content events. */
  gapMax: z.number().nullable(),
  gapP99: z.number().nullable(),
  /** All gaps: [lower bound in microseconds, count], 64 buckets an octave, the occupied ones only. */
  gaps: z.array(z.tuple([count, count])),
  /** Content events, and those that came in the same read as an earlier one. */
  chunks: count,
  coalesced: count,
  promptTokens: z.number().int().nullable(),
  /** Of the prompt, found in the server's prefix cache. */
  cachedTokens: z.number().int().nullable(),
  outputTokens: z.number().int(),
  /** `usage` where the server said so, `chunks` where they were counted. */
  tokensFrom: z.enum(['usage', 'chunks']),
  finishReason: z.string().nullable(),
  status: z.number().int(),
  /** `ok`, or one of a closed list (docs/load.md). */
  outcome: z.string(),
  error: z.string().nullable(),
  /** The serving pod that answered, where the gateway says so (`X-Upstream`). */
  replica: z.string().nullable(),
  /** Steps of the timeline that made it other than it would have been, joined by commas; null where none did. */
  traffic: z.string().nullable().default(null),
  /** Beyond the load: a surge asked for it. */
  extra: z.boolean().default(false),
})
export type RequestRecord = z.infer<typeof RequestRecord>

/** A row of load/requests.parquet. */
export const PackedRequest = RequestRecord.extend({
  /** The step whose fault was in force while the request was under way: the first that made it what it is, else the first in time. */
  fault: z.string().nullable(),
})
export type PackedRequest = z.infer<typeof PackedRequest>

/** What reports read of a row. The gaps are added up into one histogram as they are read: a million rows of them do not fit. */
export type RequestRow = Omit<RequestRecord, 'gaps'>

/** What a row of a run made before a column existed has in it. */
export const ABSENT_IN_OLD_ROWS = {
  arrival: null,
  intended: null,
  connected: null,
  reused: null,
  written: null,
  firstEvent: null,
  firstChoice: null,
  firstAnswer: null,
  gaps: [],
  chunks: 0,
  coalesced: 0,
  cachedTokens: null,
  finishReason: null,
  traffic: null,
  extra: false,
} as const satisfies Partial<RequestRecord>

/** load/arrivals.json: how far the schedule of an open loop had come when it was last asked. */
export const ArrivalCount = z.strictObject({
  at: z.number(),
  /** In all; null where that was not known. */
  scheduled: count.nullable(),
  /** Whose time had passed. */
  due: count,
  /** That a virtual user had taken up. */
  claimed: count,
})
export type ArrivalCount = z.infer<typeof ArrivalCount>

const Sample = z.tuple([z.number(), z.number()])

/**
 * A line of alerts.jsonl (raw ALERTS samples), conditions.jsonl (the rule's own expression at its evaluation times) or
 * scrapes.jsonl (`up`). A rule whose condition never held has one line in conditions.jsonl, without samples; a rule
 * that could not be evaluated has none. JSON has no infinity and no NaN: they are ±1.797e308 and 0.
 */
export const SampleSeries = z.strictObject({
  labels: z.record(z.string(), z.string()),
  /** [milliseconds since the epoch, value] */
  samples: z.array(Sample),
})
export type SampleSeries = z.infer<typeof SampleSeries>

/** A line of notifications.jsonl: one webhook call, as the receiver took it. */
export const Notification = z.strictObject({
  receivedAt: z.number(),
  status: z.string(),
  alerts: z.array(
    z.strictObject({
      status: z.string(),
      labels: z.record(z.string(), z.string()),
      startsAt: z.number(),
      endsAt: z.number().nullable(),
      fingerprint: z.string(),
    }),
  ),
})
export type Notification = z.infer<typeof Notification>

/** A line of pods.jsonl: a pod's state whenever it changed. */
export const PodRecord = z.strictObject({
  at: z.number(),
  change: z.enum(['added', 'modified', 'deleted']),
  name: z.string(),
  uid: z.string(),
  node: z.string().nullable(),
  phase: z.string(),
  ready: z.boolean(),
  restarts: z.number().int(),
  /** Waiting or terminated reason of the first container: `CrashLoopBackOff`, `OOMKilled`, `Error`. */
  reason: z.string().nullable(),
  exitCode: z.number().int().nullable(),
})
export type PodRecord = z.infer<typeof PodRecord>

/** A line of events.jsonl: a Kubernetes Event in the target's namespace. */
export const KubeEvent = z.strictObject({
  at: z.number(),
  type: z.string(),
  reason: z.string(),
  object: z.string(),
  message: z.string(),
  count: z.number().int(),
})
export type KubeEvent = z.infer<typeof KubeEvent>

/** The row of `runs` listings and of a campaign's index. */
export const RunOutcome = z.strictObject({ id: z.string(), scenario: z.string(), outcome: Outcome })
