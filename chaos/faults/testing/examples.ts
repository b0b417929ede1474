import type { TargetSnapshot } from '../../../lib/core/fault.ts'
import { flagsDocument } from '../../flags/definitions.ts'

/** Params of each fault that the contract suites plan and act with, on this target. */
export const EXAMPLES: Record<string, Record<string, unknown>[]> = {
  'pod-kill': [{}, { count: 2, gracePeriodSeconds: 5 }],
  'feature-flag': [
    { flag: 'prompt-template', variant: 'v2' },
    { flag: 'prompt-template', variant: 'v2', share: 30 },
  ],
  'prompt-growth': [{}, { share: 50 }],
  'runaway-max-tokens': [{}, { share: 50 }],
  'cache-busting-prefix': [{}, { share: 50 }],
  'retry-storm': [{}, { variant: 'hedged', share: 50 }],
  'sticky-routing': [{}, { variant: 'prefix', share: 50 }],
  'rate-limit-errors': [{}, { share: 50 }],
  'load-surge': [{}, { factor: 3 }, { requestsPerSecond: 20 }],
  'long-context': [{}, { factor: 4, tokens: 0, share: 0.5 }],
  'cache-bust': [{}, { share: 0.3 }],
  'client-aborts': [{}, { share: 0.2, afterMs: 500 }],
  'crash-loop': [{}, { option: '--max-num-seqs', value: 'many' }],
  'slow-start': [{}, { budgetSeconds: 2 }],
  'bad-rollout': [{}, { what: 'readiness' }],
  'scale-down': [{}, { by: 2 }],
  'kv-shrink': [{}, { share: 0.5 }, { blocks: 2_000 }],
  'metric-rename': [{}, { tag: 'v0.8.5' }],
  'benign-rollout': [{}],
  'pod-evict': [{}, { count: 2, gracePeriodSeconds: 1 }],
  'node-drain': [{}, { node: 'gpu-2' }],
  'node-down': [{}, { node: 'gpu-2' }],
  'container-crash': [{}, { count: 2 }],
  'engine-hang': [{}, { count: 2 }],
  'prefix-cache-reset': [{}, { count: 1, everySeconds: 1 }],
  none: [{}],
  'near-miss': [{}, { leavePercent: 5 }],
  'net-delay': [{}, { ms: 50, jitterMs: 20 }],
  'net-loss': [{}, { percent: 5 }],
  'net-partition': [{}],
  'scrape-loss': [{}, { port: 1 }],
  'telemetry-only': [{}, { reading: 'power', value: 690 }],
  'gpu-throttle': [{}, { watts: 300 }],
  'gpu-memory-pressure': [{}, { mib: 5_000, restartVictim: true }],
}

const pod = (name: string, node: string, ready: boolean): TargetSnapshot['pods'][number] => ({
  name,
  uid: `uid-of-${name}`,
  node,
  ready,
  image: 'vllm/vllm-openai',
  owned: true,
})

const PROBE = { httpGet: { path: '/health', port: 'http', scheme: 'HTTP' }, periodSeconds: 5, failureThreshold: 90 }

const byNode = <Facts>(facts: (node: string) => Facts): Record<string, Facts> =>
  Object.fromEntries(['gpu-1', 'gpu-2', 'gpu-3'].map((node) => [node, facts(node)]))

export const SNAPSHOT: TargetSnapshot = {
  namespace: 'llm',
  selector: 'app=vllm',
  pods: [pod('a', 'gpu-1', true), pod('b', 'gpu-2', true), pod('c', 'gpu-3', true), pod('d', 'gpu-4', false)],
  can: {
    eviction: { ok: true, budgets: [{ name: 'vllm', allowed: 2, pods: ['a', 'b', 'c', 'd'] }] },
    nodes: {
      ok: true,
      nodes: byNode((node) => ({ uid: `uid-of-${node}`, unschedulable: false, drainedBy: null })),
    },
    'node-outage': { ok: true, nodes: byNode((node) => ({ uid: `uid-of-${node}`, downBy: null })) },
    'load-client': { ok: true, run: 'test-1' },
    'feature-flags': { ok: true, configMap: 'feature-flags', key: 'flags.json', document: flagsDocument },
    workload: {
      ok: true,
      kind: 'Deployment',
      name: 'vllm',
      uid: 'uid-of-vllm',
      container: 'vllm',
      replicas: 4,
      revision: '5d4f8c7b9',
      image: 'vllm/vllm-openai:v0.32.0',
      command: [],
      args: ['--model', 'meta-llama/Llama-3.1-8B-Instruct', '--max-model-len=16384'],
      env: [],
      ports: [{ name: 'http', containerPort: 8_000 }],
      startupProbe: PROBE,
      readinessProbe: PROBE,
      livenessProbe: null,
      atOnce: 1,
      autoscaler: null,
    },
    'kv-cache': { ok: true, blocks: 28_581, blockSize: 16, maxModelLen: 16_384 },
    exec: { ok: true, container: 'vllm' },
    'engine-dev-mode': {
      ok: true,
      engines: Object.fromEntries(
        ['a', 'b', 'c'].map((name) => [`uid-of-${name}`, { address: '10.0.0.1', port: 8000 }]),
      ),
    },
    'upstream-faults': { ok: true, configMap: 'upstream-faults', key: 'rules.json' },
    'network-chaos': { ok: false, reason: 'expected Chaos Mesh, found none' },
    'network-policies': { ok: true, selecting: {} },
    'scrape-annotations': {
      ok: true,
      ports: Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [`uid-of-${name}`, '8000'])),
    },
    'gpu-power': {
      ok: true,
      gpus: Object.fromEntries(
        ['a', 'b', 'c'].map((name) => [`uid-of-${name}`, [{ uuid: `GPU-${name}`, limitWatts: 700, leastWatts: 200 }]]),
      ),
    },
    'gpu-metrics': {
      ok: true,
      nodes: Object.fromEntries(
        ['gpu-1', 'gpu-2', 'gpu-3'].map((node) => [node, { usedMiB: 75_000, freeMiB: 6_559, gpus: 1 }]),
      ),
    },
  },
}
