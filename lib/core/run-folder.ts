import { z } from 'zod'
import { DEFAULT_ONSET_MS } from './alert-window.ts'
import { AlertRule } from './rule.ts'
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
  ending: z.enum(['open', 'completed', 'interrupted', 'stopped', 'failed']),
  /** Why it was stopped or failed. */
  endingReason: z.string().nullable(),
  versions: z.record(z.string(), z.string()),
  git: z.strictObject({ commit: z.string(), dirty: z.boolean() }).nullable(),
  /** Parts of the target that are emulated (`engine`, `gpu`); empty on real hardware. */
  synthetic: z.array(z.string()),
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
      expected: Expected,
    }),
  ),
  /** What could not be judged, or was odd, said before the run. */
  warnings: z.array(z.string()),
})
export type RunPlan = z.infer<typeof RunPlan>

/** A row of load/requests: times in milliseconds since the epoch (fractions kept), durations in milliseconds, null where it never came. */
export const RequestRecord = z.strictObject({
  id: z.string(),
  vu: z.number().int(),
  iteration: z.number().int(),
  /** When the virtual user asked for it. */
  started: z.number(),
  ended: z.number(),
  /** From the written request to the first event that carries content. */
  ttft: z.number().nullable(),
  /** (last − first content) / (output tokens − 1). */
  tpot: z.number().nullable(),
  e2e: z.number(),
  /** The worst gap between two content events. */
  gapMax: z.number().nullable(),
  gapP99: z.number().nullable(),
  promptTokens: z.number().int().nullable(),
  outputTokens: z.number().int(),
  /** `usage` where the server said so, `chunks` where they were counted. */
  tokensFrom: z.enum(['usage', 'chunks']),
  status: z.number().int(),
  outcome: z.string(),
  error: z.string().nullable(),
  /** The serving pod that answered, where the gateway says so (`X-Upstream`). */
  replica: z.string().nullable(),
})
export type RequestRecord = z.infer<typeof RequestRecord>

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
