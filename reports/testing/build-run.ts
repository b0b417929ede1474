import { FAULT_API_VERSION, type FaultPhase, type FaultResource, STEP_LABEL } from '../../lib/core/fault-resource.ts'
import type { AlertRule } from '../../lib/core/rule.ts'
import {
  CONDITION_ALERT,
  type Notification,
  type PodRecord,
  type SampleSeries,
  TIMELINE_USERS,
} from '../../lib/core/run-folder.ts'
import { Scenario } from '../../lib/core/scenario.ts'
import type { Symptom } from '../../lib/core/symptom.ts'
import type { RunData } from '../read/run-data.ts'
import { buildRequests } from './build-requests.ts'

/** Zero of every synthetic run: when its load starts. Builders take seconds from here. */
export const ZERO = 1_795_310_000_000
export const at = (seconds: number): number => ZERO + Math.round(seconds * 1_000)

export interface StepSpec {
  name: string
  injected?: number
  effective?: number
  healed?: number
  recovered?: number
  fault?: string
  control?: boolean
  bit?: boolean | null
  phase?: FaultPhase
  created?: boolean
  alerts?: string[][]
  tolerates?: string[]
  /** Of the target; 0 where left out. */
  onset?: number
}

export interface EpisodeSpec {
  alert: string
  pending?: number
  fired?: number
  resolved: number
  labels?: Record<string, string>
}

export interface RunSpec {
  steps?: StepSpec[]
  rules?: AlertRule[]
  episodes?: EpisodeSpec[]
  /** Where a rule's expression held; every rule without an entry never held. Left out: no conditions were kept. */
  conditions?: Record<string, { from: number; to: number }[]>
  presence?: Record<string, number | null>
  notifications?: Notification[]
  users?: number
  endsAt?: number
}

const EVERY_S = 2

/** A rule of the fast profile: every two seconds, `for` four seconds, on a metric that is there. */
export const rule = (alert: string, symptom: Symptom | null, overrides: Partial<AlertRule> = {}): AlertRule => ({
  alert,
  group: 'firedrill',
  file: 'rules.yml',
  expr: 'vllm:metric > 1',
  forMs: 4_000,
  keepFiringForMs: 0,
  intervalMs: EVERY_S * 1_000,
  labels: {},
  annotations: {},
  symptom,
  health: 'ok',
  lastError: '',
  evaluatedAt: ZERO,
  windowMs: 0,
  metrics: ['vllm:metric'],
  ...overrides,
})

/** A whole run in memory, complete in every part, of small users and honest samples. */
export const buildRun = (spec: RunSpec = {}): RunData => {
  const { steps = [], rules = [], episodes = [], users = 8, endsAt = 300 } = spec
  const metrics = rules.flatMap((one) => one.metrics)
  return {
    id: 'synthetic',
    problems: [],
    run: {
      schema: 1,
      id: 'synthetic',
      scenario: 'synthetic',
      argv: ['run', 'scenarios/synthetic.ts'],
      seed: 1,
      startedAt: at(-30),
      endedAt: at(endsAt + 5),
      loadStartedAt: at(0),
      loadEndedAt: at(endsAt),
      ending: 'completed',
      endingReason: null,
      versions: { firedrill: '0.1.0', vllm: '0.32.0' },
      git: null,
      synthetic: ['engine'],
      simulated: false,
      scale: null,
    },
    scenario: Scenario.parse({
      name: 'synthetic',
      summary: 'A run made for tests',
      load: {
        users: {
          stages: [
            { to: users, over: '20s' },
            { to: users, over: `${endsAt - 20}s` },
          ],
        },
        workload: 'chat',
      },
      timeline: {},
      baseline: '20s',
    }),
    plan: {
      target: {
        namespace: 'llm',
        selector: 'app=vllm',
        url: 'http://127.1.0.9:8080',
        prometheus: 'http://127.1.0.4:9090',
        replicas: 3,
        model: 'model',
        engineVersion: '0.32.0',
        notifications: false,
      },
      timing: { scrapeIntervalMs: 2_000, evaluationIntervalMs: 2_000 },
      rules,
      steps: steps.map(({ name, fault = 'pod-kill', control = false, alerts = [], tolerates = [], onset = 0 }) => ({
        name,
        fault,
        params: {},
        durationMs: 30_000,
        group: control ? ('control' as const) : ('serving' as const),
        draw: 'band' as const,
        control,
        expected: { alerts, tolerates, onsetMs: onset * 1_000 },
      })),
      extraUsers: 0,
      warnings: [],
    },
    faults: steps.filter(({ created = true }) => created).map(faultOf),
    journal: [],
    requests: buildRequests({ users, from: at(0), rampMs: 20_000, to: at(endsAt), seed: 1 }),
    gaps: [],
    arrivals: null,
    calibration: null,
    summary: { metrics: { iterations: { values: { count: 1 } } } },
    rules,
    alerts: episodes.flatMap(alertSamples),
    conditions:
      spec.conditions === undefined ? null : rules.flatMap(({ alert }) => held(alert, spec.conditions?.[alert])),
    scrapes: ['vllm-0', 'vllm-1', 'gateway-0'].map((pod, index) => ({
      labels: { job: 'vllm', pod },
      samples: every(-30 + index * 0.5, endsAt + 4).map((time) => [at(time), 1]),
    })),
    presence: { ...Object.fromEntries(metrics.map((metric) => [metric, 3])), ...spec.presence },
    notifications: spec.notifications ?? [],
    events: [],
    pods: ['vllm-0', 'vllm-1', 'gateway-0'].map(servingPod),
    series: new Map([
      [
        'k6_vus',
        [{ labels: {}, samples: every(0, endsAt).map((time) => [at(time), vus(time, users) + TIMELINE_USERS]) }],
      ],
    ]),
    logs: [],
  }
}

/** The raw ALERTS samples of one episode, on Prometheus' own grid. */
export const alertSamples = ({ alert, pending, fired, resolved, labels = {} }: EpisodeSpec): SampleSeries[] => {
  const state = (alertstate: string, from: number, to: number): SampleSeries => ({
    labels: { alertname: alert, alertstate, ...labels },
    samples: every(from, to).map((time) => [at(time), 1]),
  })
  const end = fired ?? resolved
  return [
    ...(pending === undefined ? [] : [state('pending', pending, end)]),
    ...(fired === undefined ? [] : [state('firing', fired, resolved)]),
  ]
}

// --- Internal helpers ---

/** From `from` up to, not with, `to`. */
const every = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, Math.ceil((to - from) / EVERY_S)) }, (_, index) => from + index * EVERY_S)

const held = (alert: string, times: { from: number; to: number }[] = []): SampleSeries[] => {
  const samples = times.flatMap(({ from, to }) => every(from, to).map((time): [number, number] => [at(time), 1]))
  return [{ labels: { [CONDITION_ALERT]: alert }, samples }]
}

const vus = (time: number, users: number): number => Math.min(users, Math.floor((users * time) / 20))

const servingPod = (name: string): PodRecord => ({
  at: at(-29),
  change: 'added',
  name,
  uid: `uid-${name}`,
  node: 'gpu-0',
  phase: 'Running',
  ready: true,
  restarts: 0,
  reason: null,
  exitCode: null,
})

const faultOf = (step: StepSpec): FaultResource => {
  const { name, injected, fault = 'pod-kill', bit = true, phase = 'Recovered' } = step
  const times = { injected, effective: step.effective ?? injected, healed: step.healed, recovered: step.recovered }
  const iso = Object.entries(times).flatMap(([key, time]) =>
    time === undefined ? [] : [[key, new Date(at(time)).toISOString()]],
  )
  return {
    apiVersion: FAULT_API_VERSION,
    kind: 'Fault',
    metadata: { name, namespace: 'llm', labels: { [STEP_LABEL]: name } },
    spec: {
      kind: fault,
      params: {},
      target: { selector: 'app=vllm' },
      durationSeconds: 30,
      seed: 1,
      maxUnavailable: 1,
    },
    status: {
      phase,
      ...Object.fromEntries(iso),
      ...(bit === null ? {} : { evidence: { bit, reason: bit ? 'it bit' : 'nothing changed', facts: {} } }),
      ...(phase === 'Failed' ? { error: 'no ready pod' } : {}),
    },
  }
}
