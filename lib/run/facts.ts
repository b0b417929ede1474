import { z } from 'zod'
import { errorMessage, EXIT, UserError } from '../core/errors.ts'
import type { AlertRule } from '../core/rule.ts'
import type { TargetOptions } from '../core/target.ts'
import { type Kube, statusCode } from '../kube/client.ts'
import type { V1Pod } from '../kube/types.ts'
import type { PrometheusClient } from '../prometheus/client.ts'
import type { SymptomMap } from '../prometheus/rules.ts'
import type { Connections } from './connections.ts'
import type { Facts } from './plan.ts'
import { redactUrl } from './redact.ts'
import { targetVersions } from './versions.ts'

/** On pods of the stack that stand in for something: `engine`, `gpu`. */
const SYNTHETIC_LABEL = 'firedrill.dev/synthetic'

export interface TargetFacts extends Facts {
  /** What is emulated, by the pods' own labels. */
  synthetic: string[]
  /** Of what runs on the target, by name. */
  targetVersions: Record<string, string>
  /** The longest prompt and answer together, where the server says so. */
  maxModelLen: number | null
}

/** Looks at the target: its pods, its model, what Prometheus scrapes of it and which rules it evaluates. Changes nothing. */
export const gatherFacts = async (
  connections: Connections,
  target: TargetOptions,
  symptoms: SymptomMap,
): Promise<TargetFacts> => {
  const { kube, prometheus, urlHeaders } = connections
  const { namespace, selector } = target
  // The first that is asked: without it there is no drill.
  await prometheus.buildInfo()
  const pods = (await kube.core.listNamespacedPod({ namespace, labelSelector: selector })).items
  if (pods.length === 0) throw noPods(target)
  const engineVersion = imageTag(pods)
  const emulated = await emulatedPods(kube, namespace)
  const rules = await prometheus.rules(symptoms)
  const model = await servedModel(target.url, urlHeaders)
  return {
    target: {
      namespace,
      selector,
      url: redactUrl(target.url),
      prometheus: redactUrl(target.prometheus),
      replicas: pods.length,
      model: model.name,
      engineVersion,
      notifications: target.notifications !== undefined || target.alertmanager !== undefined,
    },
    timing: {
      scrapeIntervalMs: await scrapeInterval(prometheus, pods),
      evaluationIntervalMs: evaluationInterval(rules),
    },
    rules,
    synthetic: [...new Set(emulated.map(({ metadata }) => metadata?.labels?.[SYNTHETIC_LABEL] ?? ''))].sort(),
    targetVersions: await targetVersions(connections, engineVersion),
    maxModelLen: model.maxModelLen,
  }
}

// --- Internal helpers ---

/** Of the namespace alone where we may see no other: there is no stack of ours in a cluster that gives so few rights. */
const emulatedPods = async ({ core }: Kube, namespace: string): Promise<V1Pod[]> => {
  const labelSelector = SYNTHETIC_LABEL
  try {
    return (await core.listPodForAllNamespaces({ labelSelector })).items
  } catch (error) {
    if (statusCode(error) !== 403) throw error
    return (await core.listNamespacedPod({ namespace, labelSelector })).items
  }
}

const noPods = ({ namespace, selector }: TargetOptions): UserError =>
  new UserError({
    code: 'no-serving-pods',
    message: `expected serving pods for "${selector}" in namespace ${namespace}, found none`,
    hint: 'name them with --selector, and where they are with --namespace',
  })

const Model = z.object({ id: z.string(), max_model_len: z.number().positive().nullish().catch(null) })
const Models = z.object({ data: z.tuple([Model], Model) })

interface ServedModel {
  name: string
  /** vLLM says it; others need not. */
  maxModelLen: number | null
}

export const servedModel = async (url: string, headers: Record<string, string>): Promise<ServedModel> => {
  const failed = (found: string, cause?: unknown): UserError =>
    new UserError({
      code: 'endpoint-unreachable',
      message: `expected an OpenAI-compatible server at ${redactUrl(url)}/v1/models, found: ${found}`,
      hint: 'name the endpoint under load with --url, without /v1, and with --url-header "Authorization: Bearer …" the key that it may need',
      cause,
    })
  const response = await fetch(`${url}/v1/models`, { headers, signal: AbortSignal.timeout(10_000) }).catch(
    (error: unknown) => {
      throw failed(errorMessage(error instanceof Error && error.cause !== undefined ? error.cause : error), error)
    },
  )
  const body = await response.text()
  if (!response.ok) throw failed(`HTTP ${response.status}: ${body.slice(0, 200)}`)
  const models = Models.safeParse(parseJson(body))
  if (!models.success) throw failed(body.slice(0, 200))
  const [{ id, max_model_len: maxModelLen = null }] = models.data.data
  return { name: id, maxModelLen }
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const imageTag = (pods: readonly V1Pod[]): string | null => {
  const image = pods[0]?.spec?.containers[0]?.image ?? ''
  return /:v?(\d[^@]*)/.exec(image.slice(image.lastIndexOf('/') + 1))?.[1] ?? null
}

/** Of the target's own pods; a Prometheus that scrapes none of them cannot judge anything. */
const scrapeInterval = async (prometheus: PrometheusClient, pods: readonly V1Pod[]): Promise<number> => {
  const addresses = new Set(pods.map(({ status }) => status?.podIP))
  const names = new Set(pods.map(({ metadata }) => metadata?.name))
  const targets = (await prometheus.targets()).filter(
    ({ url, labels }) => names.has(labels['pod'] ?? '') || addresses.has(URL.parse(url)?.hostname),
  )
  const longest = Math.max(...targets.map(({ scrapeIntervalMs }) => scrapeIntervalMs))
  if (targets.length > 0) return longest
  throw new UserError({
    code: 'pods-not-scraped',
    message: `expected Prometheus to scrape the serving pods (${[...names].join(', ')}), found no such target`,
    hint: 'add a PodMonitor or a scrape job for them: without their metrics nothing can be judged',
    exitCode: EXIT.usage,
  })
}

const evaluationInterval = (rules: readonly AlertRule[]): number =>
  Math.max(0, ...rules.map(({ intervalMs }) => intervalMs))
