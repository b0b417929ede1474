import { join } from 'node:path'
import process from 'node:process'
import { requireIdle } from '../../chaos/controller/idle.ts'
import { installCrd } from '../../chaos/controller/install.ts'
import { requireAllowed } from '../../chaos/controller/safety.ts'
import { bundlePrograms } from '../../stack/bundles.ts'
import { deployStack } from '../../stack/deploy.ts'
import { imageMap } from '../../stack/images.ts'
import { EMBEDDED_NODES, embeddedNodes } from '../../stack/nodes.ts'
import { STACK_NAMESPACE, stackTarget } from '../../stack/target.ts'
import { findCluster, startCluster, stopCluster } from '../cluster/cluster.ts'
import { tryLock } from '../cluster/lock.ts'
import { stateDirOf } from '../cluster/state-dir.ts'
import type { ClusterInfo } from '../cluster/types.ts'
import { UserError } from '../core/errors.ts'
import type { TargetOptions } from '../core/target.ts'
import { until } from '../core/until.ts'
import { connect, orNull, reaching } from '../kube/client.ts'
import { prometheusClient } from '../prometheus/client.ts'
import { cacheRoot, toolPath } from '../toolchain/tools.mjs'
import { type Context, stateRoot } from './context.ts'
import type { EmbeddedInputs, EmbeddedOptions } from './embedded-inputs.ts'
import { recordEngine, requireSameEngine } from './engine-record.ts'
import { embeddedTarget, requirePortsFree } from './preflight.ts'

export interface Embedded {
  target: TargetOptions
  cluster: ClusterInfo
  started: boolean
}

/**
 * The cluster with the stack on it, ready; started where it does not run. Refuses, before it touches anything, where
 * another firedrill uses the cluster; from then on no other may, until this process ends, however it ends.
 */
export const ensureEmbedded = async (
  context: Context,
  options: EmbeddedOptions,
  inputs: EmbeddedInputs,
): Promise<Embedded> => {
  const ref = { name: options.name, stateRoot: stateRoot(context.env) }
  const claimed = await tryLock(`drill ${stateDirOf(ref.stateRoot, ref.name).id}`)
  const running = findCluster(ref)
  if (running !== null) await requireUsable(context, options, inputs, running)
  if (claimed === null) throw inUse(options.name)
  const cluster = running ?? (await start(context, options, inputs))
  try {
    const kube = connect({ kubeconfig: cluster.kubeconfig })
    // With the stack, not only with the first run: `kubectl get faults` is how one looks around.
    await installCrd(kube)
    const target = await deployStack({
      kube,
      profile: inputs.profile,
      rules: inputs.rules,
      flags: inputs.flags,
      embedded: inputs.engine === undefined ? {} : { realEngine: inputs.engine.real },
      // A real engine compiles and loads for minutes.
      timeoutMs: inputs.engine === undefined ? 120_000 : 600_000,
      onProgress: ({ text, done, of }) => context.status(`stack: ${text} (${done} of ${of})`),
      signal: context.signal,
    })
    await awaitPrometheus(target.prometheus, options.name, inputs, context.signal)
    return { target: { ...target, kubeconfig: cluster.kubeconfig }, cluster, started: running === null }
  } catch (error) {
    context.status(running === null ? 'stopping the embedded cluster' : '')
    if (running === null) await stopCluster(ref)
    context.status('')
    throw error
  }
}

/** The embedded cluster of this name, where it runs; its stack may be broken. */
export const findEmbedded = ({ env }: Pick<Context, 'env'>, name: string): ClusterInfo | null =>
  findCluster({ name, stateRoot: stateRoot(env) })

/** Its stack as it is now: pods that were replaced have other addresses. */
export const targetOf = async ({ kubeconfig }: ClusterInfo): Promise<TargetOptions> => {
  const target = await stackTarget(connect({ kubeconfig }), { embedded: true })
  return { ...target, kubeconfig }
}

// --- Internal helpers ---

/** Where a run has come so far as to act on the cluster, its holder has been named before this. */
const inUse = (name: string): UserError =>
  new UserError({
    code: 'cluster-in-use',
    message: `expected nobody to use the embedded cluster "${name}", found another firedrill that is deploying to it or judging a drill on it`,
    hint: 'wait until it ends, or run beside it on a cluster of its own with --name OTHER',
  })

/** Of a cluster that runs: it may be broken, nobody acts on it, and its API server is where it was asked to be. */
const requireUsable = async (
  context: Context,
  { apiPort }: EmbeddedOptions,
  { engine }: EmbeddedInputs,
  cluster: ClusterInfo,
): Promise<void> => {
  requireSameEngine(cluster, engine)
  if (apiPort !== undefined && URL.parse(cluster.apiServer)?.port !== String(apiPort)) {
    throw new UserError({
      code: 'api-port-differs',
      message: `expected the API server of cluster "${cluster.name}" on port ${apiPort}, found it running at ${cluster.apiServer}`,
      hint: `leave out --api-port, or stop the cluster first: firedrill down --name ${cluster.name}`,
    })
  }
  context.status('looking who uses the cluster')
  const kube = connect({ kubeconfig: cluster.kubeconfig })
  const namespace = await reaching(kube, orNull(kube.core.readNamespace({ name: STACK_NAMESPACE })))
  if (namespace === null) return
  // The stack would put the label back that somebody took away.
  await requireAllowed(kube, STACK_NAMESPACE)
  await requireIdle(kube, STACK_NAMESPACE)
  context.status('')
}

const WATCHING_MS = 60_000

/** Prometheus takes changed rules, and finds its targets, within seconds; until then it would be judged unprepared. */
const awaitPrometheus = async (
  url: string,
  name: string,
  inputs: EmbeddedInputs,
  signal: AbortSignal,
): Promise<void> => {
  const prometheus = prometheusClient({ endpoint: { url, headers: {} } })
  const names = (alerts: readonly string[]): string => [...alerts].sort().join()
  const wanted = names(inputs.alerts)
  const serving = embeddedTarget(inputs).pods.length
  const check = async (): Promise<boolean> => {
    const [rules, targets] = [await prometheus.rules(), await prometheus.targets()]
    const scraped = targets.filter(({ labels, health }) => labels['job'] === 'vllm' && health === 'up')
    return scraped.length >= serving && names(rules.map(({ alert }) => alert)) === wanted
  }
  const what = 'Prometheus to take the rules and to scrape the serving pods'
  await until(check, { what, timeoutMs: WATCHING_MS, signal }).catch((error: unknown) => {
    if (signal.aborted || error instanceof UserError) throw error
    throw new UserError({
      code: 'stack-not-ready',
      message: `expected ${what} within ${WATCHING_MS / 1_000} s, found that it did not`,
      hint: `try again with less else running; \`firedrill kubectl --name ${name} logs -n monitoring deploy/prometheus\` says what it does`,
      cause: error,
    })
  })
}

const start = async (
  context: Context,
  { name, apiPort, engine }: EmbeddedOptions,
  inputs: EmbeddedInputs,
): Promise<ClusterInfo> => {
  await requirePortsFree(inputs)
  context.status('bundling the programs of the cluster')
  const bundles = await bundlePrograms(join(cacheRoot(context.env), 'bundles'))
  const node = process.execPath
  const agent = bundles['node-agent']
  if (agent === undefined) throw new Error('there is no bundle of the node agent')
  const cluster = await startCluster({
    name,
    stateRoot: stateRoot(context.env),
    tools: { kube: toolPath('kube') },
    agent: { command: [node, '--max-semi-space-size=1', agent] },
    ...(bundles['supervisor'] !== undefined && { supervisor: bundles['supervisor'] }),
    images: imageMap({
      tools: {
        prometheus: toolPath('prometheus'),
        alertmanager: toolPath('alertmanager'),
        'kube-state-metrics': toolPath('kube-state-metrics'),
      },
      bundles,
      node,
      vllm: inputs.engine?.vllm,
    }),
    nodes: inputs.engine === undefined ? EMBEDDED_NODES : embeddedNodes(inputs.engine.real.replicas),
    apiPort,
    onProgress: ({ text }) => context.status(`cluster: ${text}`),
    signal: context.signal,
  })
  if (inputs.engine !== undefined) recordEngine(cluster, { engine: engine ?? '', vllm: inputs.engine.vllm })
  return cluster
}
