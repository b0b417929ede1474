import { FlagdCore } from '@openfeature/flagd-core'
import { flagsDocument } from '../../chaos/flags/definitions.ts'
import type { Observer } from '../../lib/core/fault.ts'
import { ALLOW_LABEL, type FaultResource } from '../../lib/core/fault-resource.ts'
import { parseFlags } from '../../lib/core/flag-document.ts'
import { until } from '../../lib/core/until.ts'
import { parseUpstreamRules, type UpstreamRule } from '../../lib/core/upstream-rules.ts'
import type { Kube } from '../../lib/kube/client.ts'

export const NODES = ['gpu-1', 'gpu-2', 'gpu-3']

const { 'prompt-template': _, ...shipped } = parseFlags(flagsDocument).flags

/** Two flags of its own, and those that ship. */
export const FLAGS = {
  flags: {
    'prompt-template': {
      state: 'ENABLED',
      variants: { short: 'short', long: 'long', v2: 'v2' },
      defaultVariant: 'short',
      targeting: { if: [{ '==': [{ var: 'tier' }, 'gold'] }, 'long', null] },
    },
    'max-tokens': { state: 'ENABLED', variants: { normal: 256, runaway: 4096 }, defaultVariant: 'normal' },
    ...shipped,
  },
}

const HEALTH = { httpGet: { path: '/health', port: 'http' } }

/** The serving container, with what faults change of it. */
const ENGINE = {
  name: 'vllm',
  image: 'vllm/vllm-openai:v0.32.0',
  args: ['--model', 'tiny', '--max-num-seqs', '256'],
  ports: [{ name: 'http', containerPort: 8_000 }],
  startupProbe: { ...HEALTH, failureThreshold: 90 },
  readinessProbe: HEALTH,
}

/** A namespace with three serving replicas and feature flags, as the stack has them. */
export const createTarget = async (kube: Kube, namespace: string, allowed = true): Promise<void> => {
  const labels = allowed ? { [ALLOW_LABEL]: 'true' } : {}
  await kube.core.createNamespace({ body: { metadata: { name: namespace, labels } } })
  const account = (): Promise<boolean> =>
    kube.core.readNamespacedServiceAccount({ namespace, name: 'default' }).then(
      () => true,
      () => false,
    )
  await until(account, { what: 'the default service account', timeoutMs: 30_000 })
  await kube.core.createNamespacedConfigMap({
    namespace,
    body: {
      metadata: { name: 'feature-flags', labels: { 'firedrill.dev/flags': 'true' } },
      data: { 'flags.json': JSON.stringify(FLAGS, null, 2) },
    },
  })
  await kube.core.createNamespacedConfigMap({
    namespace,
    body: {
      metadata: { name: 'upstream-faults', labels: { 'firedrill.dev/upstream-faults': 'true' } },
      data: { 'rules.json': '{"rules": []}' },
    },
  })
  await kube.apps.createNamespacedDeployment({
    namespace,
    body: {
      metadata: { name: 'vllm' },
      spec: {
        replicas: NODES.length,
        selector: { matchLabels: { app: 'vllm' } },
        // A GPU for each replica and none to spare.
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
        template: {
          metadata: { labels: { app: 'vllm' }, annotations: { 'prometheus.io/port': '8000' } },
          spec: { containers: [ENGINE], terminationGracePeriodSeconds: 1 },
        },
      },
    },
  })
}

/** What Prometheus knows of the nodes' GPUs, and of nothing else. */
export const gpuExporter: Observer = {
  async query(promql) {
    const value = GPU_MIB[promql]
    return value === undefined ? [] : NODES.map((node) => ({ labels: { node }, value }))
  },
}

const GPU_MIB: Record<string, number> = { DCGM_FI_DEV_FB_USED: 75_000, DCGM_FI_DEV_FB_FREE: 6_559 }

export const readyPods = async (kube: Kube, namespace: string): Promise<string[]> => {
  const { items } = await kube.core.listNamespacedPod({ namespace, labelSelector: 'app=vllm' })
  const ready = items.filter(
    ({ metadata, status }) =>
      metadata?.deletionTimestamp === undefined &&
      status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
  )
  return ready.map(({ metadata }) => metadata?.uid ?? '')
}

/** Labels and spec of the serving workload, but for the date of a restart, which does no harm and stays. */
export const workloadNow = async (kube: Kube, namespace: string): Promise<object> => {
  const { metadata, spec } = await kube.apps.readNamespacedDeployment({ namespace, name: 'vllm' })
  const { 'kubectl.kubernetes.io/restartedAt': _restart, ...annotations } = spec?.template.metadata?.annotations ?? {}
  const template = { ...spec?.template, metadata: { ...spec?.template.metadata, annotations } }
  return { labels: metadata?.labels ?? {}, spec: { ...spec, template } }
}

export const readUpstreamRules = async (kube: Kube, namespace: string): Promise<UpstreamRule[]> => {
  const { data } = await kube.core.readNamespacedConfigMap({ namespace, name: 'upstream-faults' })
  return parseUpstreamRules(data?.['rules.json'] ?? '')
}

/** What faults wrote on pods, and what is not as the template has it. */
export const podMarks = async (kube: Kube, namespace: string): Promise<string[]> => {
  const { items } = await kube.core.listNamespacedPod({ namespace, labelSelector: 'app=vllm' })
  return items.flatMap(({ metadata: { labels = {}, annotations = {} } = {} }) => [
    ...Object.keys({ ...labels, ...annotations }).filter((name) => name.startsWith('firedrill.dev/')),
    ...(annotations['prometheus.io/port'] === '8000' ? [] : ['prometheus.io/port']),
  ])
}

export const readFlags = async (kube: Kube, namespace: string): Promise<string> =>
  (await kube.core.readNamespacedConfigMap({ namespace, name: 'feature-flags' })).data?.['flags.json'] ?? ''

export const faultOf = (
  namespace: string,
  name: string,
  spec: Partial<FaultResource['spec']> & { kind: string },
): FaultResource => ({
  apiVersion: 'firedrill.dev/v1alpha1',
  kind: 'Fault',
  metadata: { name, namespace },
  spec: { params: {}, target: { selector: 'app=vllm' }, durationSeconds: 3, seed: 1, maxUnavailable: 1, ...spec },
})

/** What the gateway counts: it evaluates the flags in force for a hundred users whenever it is scraped. */
export const gatewayPage = (kube: Kube, namespace: string): (() => Promise<string>) => {
  const counts = new Map<string, number>()
  return async () => {
    const core = new FlagdCore()
    core.setConfigurations(await readFlags(kube, namespace))
    for (let user = 0; user < 100; user += 1) {
      const { variant } = core.resolveStringEvaluation('prompt-template', 'short', { targetingKey: `user-${user}` })
      counts.set(variant ?? '', (counts.get(variant ?? '') ?? 0) + 1)
    }
    const lines = [...counts].map(
      ([variant, count]) =>
        `gateway_flag_evaluations_total{namespace="${namespace}",flag="prompt-template",variant="${variant}"} ${count}`,
    )
    return `${['# TYPE gateway_flag_evaluations_total counter', ...lines].join('\n')}\n`
  }
}
