import { seededRandom } from '../../lib/core/random.ts'
import type { AlertRule } from '../../lib/core/rule.ts'
import type { KubeEvent, PodRecord, SampleSeries } from '../../lib/core/run-folder.ts'
import type { RunData } from '../read/run-data.ts'
import { at, buildRun, rule, type EpisodeSpec, type StepSpec } from './build-run.ts'
import { buildRequests } from './build-requests.ts'

const USERS = 240
const ENDS = 420
const PODS = ['vllm-7d9f-aaaaa', 'vllm-7d9f-bbbbb', 'vllm-7d9f-ccccc']

const STEPS: StepSpec[] = [
  {
    name: 'template',
    fault: 'feature-flag',
    injected: 90,
    effective: 93,
    healed: 135,
    recovered: 136,
    alerts: [['cache']],
    tolerates: ['queue', 'latency', 'throughput'],
  },
  {
    name: 'hog',
    fault: 'gpu-memory-pressure',
    injected: 200,
    effective: 203,
    healed: 245,
    recovered: 262,
    alerts: [['availability', 'queue']],
    tolerates: ['latency', 'throughput', 'gpu'],
  },
  {
    name: 'kill',
    injected: 320,
    effective: 321,
    healed: 336,
    recovered: 338,
    alerts: [['availability']],
    tolerates: ['queue', 'latency'],
  },
]

const RULES: AlertRule[] = [
  rule('VllmKvCacheSaturated', 'cache', {
    expr: 'vllm:kv_cache_usage_perc > 0.95',
    forMs: 8_000,
    metrics: ['vllm:kv_cache_usage_perc'],
  }),
  rule('VllmPreemptions', 'cache', { windowMs: 8_000, expr: 'rate(vllm:num_preemptions_total[8s]) > 0.5' }),
  rule('VllmQueueBacklog', 'queue', { expr: 'vllm:num_requests_waiting > 20', forMs: 8_000 }),
  rule('VllmHighTtft', 'latency', { windowMs: 40_000, forMs: 8_000 }),
  rule('VllmThroughputDrop', 'throughput', { windowMs: 40_000, forMs: 8_000 }),
  rule('VllmReplicaMissing', 'availability', { expr: 'kube_deployment_status_replicas_available < 3', forMs: 4_000 }),
  rule('VllmCrashLooping', 'availability', { forMs: 4_000 }),
  rule('GatewayErrors', 'availability', { windowMs: 8_000, forMs: 2_000 }),
  rule('GpuMemoryPressure', 'gpu', { forMs: 8_000 }),
  rule('OldCacheRule', 'cache', { expr: 'vllm:gpu_cache_usage_perc > 0.9', metrics: ['vllm:gpu_cache_usage_perc'] }),
]

const EPISODES: EpisodeSpec[] = [
  { alert: 'VllmKvCacheSaturated', pending: 98, fired: 106, resolved: 150, labels: { pod: PODS[0] ?? '' } },
  { alert: 'VllmQueueBacklog', pending: 108, fired: 116, resolved: 144 },
  { alert: 'VllmHighTtft', pending: 118, fired: 126, resolved: 168 },
  { alert: 'VllmReplicaMissing', pending: 204, fired: 208, resolved: 264 },
  { alert: 'VllmQueueBacklog', pending: 222, fired: 230, resolved: 268 },
  { alert: 'GpuMemoryPressure', pending: 202, fired: 210, resolved: 248 },
  { alert: 'VllmThroughputDrop', pending: 284, fired: 292, resolved: 300 },
  { alert: 'VllmReplicaMissing', pending: 322, fired: 326, resolved: 340 },
  { alert: 'GatewayErrors', pending: 322, fired: 324, resolved: 332 },
]

/** A drill of three faults with everything that a real one leaves behind, and a few things that are not as they should be. */
export const buildDrill = (): RunData => {
  const base = buildRun({
    steps: STEPS,
    rules: RULES,
    episodes: EPISODES,
    users: USERS,
    endsAt: ENDS,
    presence: { 'vllm:gpu_cache_usage_perc': 0 },
  })
  const requests = buildRequests({
    users: USERS,
    from: at(0),
    rampMs: 20_000,
    to: at(ENDS),
    seed: 7,
    slowness: (now) => 1 + 24 * hump(now, 98, 148) + 14 * hump(now, 206, 268) + 3 * hump(now, 322, 340),
    failing: (now) => now > at(320.2) && now < at(321.4) && Math.floor(now) % 3 === 0,
  })
  return { ...base, requests, series: drillSeries(base.series), events: EVENTS, pods: POD_RECORDS, problems: PROBLEMS }
}

// --- Internal helpers ---

const PROBLEMS = [{ file: 'prometheus/conditions.jsonl', kind: 'missing' as const, reason: 'not in the run folder' }]

/** Rises over 12 s, stays at 1, falls over 12 s. */
const hump = (now: number, from: number, to: number): number => {
  const seconds = (now - at(0)) / 1_000
  return Math.max(0, Math.min(1, (seconds - from) / 12, (to - seconds) / 12))
}

const drillSeries = (known: RunData['series']): Map<string, readonly SampleSeries[]> => {
  const random = seededRandom(3)
  const noise = (size: number): number => (random.next() - 0.5) * size
  const times = Array.from({ length: (ENDS + 20) / 2 }, (_, index) => at(index * 2 - 20))
  const perPod = (value: (now: number, pod: number) => number | null): SampleSeries[] =>
    PODS.map((pod, index) => ({
      labels: { job: 'vllm', namespace: 'llm', pod, model_name: 'model', engine: '0' },
      samples: times.flatMap((now): [number, number][] => {
        const sample = isDown(now, index) ? null : value(now, index)
        return sample === null ? [] : [[now, sample]]
      }),
    }))
  const load = (now: number): number => hump(now, 2, ENDS)
  const counters = PODS.map(() => 0)
  return new Map<string, readonly SampleSeries[]>([
    ...known,
    [
      'vllm:kv_cache_usage_perc',
      perPod((now) => clamp(load(now) * (0.42 + 0.57 * hump(now, 92, 146) + 0.3 * hump(now, 204, 268)) + noise(0.05))),
    ],
    [
      'vllm:num_requests_waiting',
      perPod((now) =>
        Math.max(0, Math.round(load(now) * (60 * hump(now, 100, 146) + 35 * hump(now, 206, 268)) + noise(2))),
      ),
    ],
    ['vllm:num_requests_running', perPod((now) => Math.max(0, Math.round(load(now) * 26 + noise(6))))],
    [
      'vllm:generation_tokens_total',
      perPod(
        (now, pod) =>
          (counters[pod] =
            (counters[pod] ?? 0) + Math.round(load(now) * (1_450 - 600 * hump(now, 98, 148) + noise(200)))),
      ),
    ],
  ])
}

/** A pod is down while it is held back (hog) and while its replacement starts (kill). */
const isDown = (now: number, pod: number): boolean =>
  (pod === 1 && now > at(201) && now < at(262)) || (pod === 2 && now > at(320) && now < at(338))

const clamp = (value: number): number => Math.min(1, Math.max(0, value))

const EVENTS: KubeEvent[] = [
  {
    at: at(201),
    type: 'Normal',
    reason: 'Killing',
    object: `Pod/${PODS[1]}`,
    message: 'Stopping container vllm',
    count: 1,
  },
  {
    at: at(202),
    type: 'Normal',
    reason: 'Created',
    object: 'Fault/hog',
    message: 'gpu-memory-pressure planned',
    count: 1,
  },
  {
    at: at(215),
    type: 'Warning',
    reason: 'BackOff',
    object: `Pod/${PODS[1]}`,
    message: 'Back-off restarting failed container',
    count: 4,
  },
  {
    at: at(201),
    type: 'Normal',
    reason: 'SuccessfulCreate',
    object: 'Job/firedrill-hog',
    message: 'Created pod: firedrill-hog-x',
    count: 1,
  },
  {
    at: at(320),
    type: 'Normal',
    reason: 'Killing',
    object: `Pod/${PODS[2]}`,
    message: 'Stopping container vllm',
    count: 1,
  },
]

const pod = (
  seconds: number,
  index: number,
  change: PodRecord['change'],
  overrides: Partial<PodRecord> = {},
): PodRecord => ({
  at: at(seconds),
  change,
  name: PODS[index] ?? '',
  uid: `uid-${index}`,
  node: `gpu-${index}`,
  phase: 'Running',
  ready: true,
  restarts: 0,
  reason: null,
  exitCode: null,
  ...overrides,
})

const POD_RECORDS: PodRecord[] = [
  pod(-28, 0, 'added'),
  pod(-28, 1, 'added'),
  pod(-28, 2, 'added'),
  pod(215, 1, 'modified', { ready: false, restarts: 2, reason: 'CrashLoopBackOff', exitCode: 1 }),
  pod(262, 1, 'modified', { restarts: 3 }),
  pod(320, 2, 'deleted', { ready: false }),
]
