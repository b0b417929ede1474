import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { parse } from 'yaml'
import { z } from 'zod'
import { shippedRules, userRules } from '../../chaos/rules/load.ts'
import { bundlePrograms } from '../../stack/bundles.ts'
import { deployStack } from '../../stack/deploy.ts'
import type { RealEngine } from '../../stack/embedded.ts'
import { imageMap } from '../../stack/images.ts'
import { EMBEDDED_NODES } from '../../stack/nodes.ts'
import { PROFILES, type StackProfile } from '../../stack/profiles.ts'
import { findCluster, startCluster, stopCluster } from '../cluster/cluster.ts'
import type { ClusterInfo } from '../cluster/types.ts'
import { errorMessage, UserError } from '../core/errors.ts'
import { TargetOptions } from '../core/target.ts'
import { until } from '../core/until.ts'
import { connect } from '../kube/client.ts'
import { prometheusClient } from '../prometheus/client.ts'
import { writeJson } from '../run/folder.ts'
import { cacheRoot, toolPath } from '../toolchain/tools.mjs'
import { type Context, stateRoot } from './context.ts'
import { ROOT } from './root.ts'

export interface EmbeddedOptions {
  name: string
  profile: StackProfile['name']
  rules?: string[]
  engine?: string
}

/** A file of --engine: a real vLLM in place of the emulated one. */
const Engine = z.strictObject({
  /** A virtual environment with vLLM in it. */
  venv: z.string(),
  replicas: z.number().int().positive(),
  args: z.array(z.string()),
  env: z.record(z.string(), z.string()).default({}),
})

/** The cluster with the stack on it, ready; started where it does not run. */
export const ensureEmbedded = async (
  context: Context,
  options: EmbeddedOptions,
): Promise<{ target: TargetOptions; cluster: ClusterInfo; started: boolean }> => {
  const ref = { name: options.name, stateRoot: stateRoot(context.env) }
  const profile = PROFILES[options.profile]
  const rules = await rulesOf(options, profile)
  const engine = options.engine === undefined ? undefined : await readEngine(options.engine)
  const running = findCluster(ref)
  const cluster = running ?? (await start(context, options, engine))
  try {
    const target = await deployStack({
      kube: connect({ kubeconfig: cluster.kubeconfig }),
      profile,
      rules,
      flags: await readFile(join(ROOT, 'chaos/flags/flags.json'), 'utf8'),
      embedded: engine === undefined ? {} : { realEngine: engine.real },
      // A real engine compiles and loads for minutes.
      timeoutMs: engine === undefined ? 120_000 : 600_000,
      onProgress: ({ text, done, of }) => context.status(`stack: ${text} (${done} of ${of})`),
      signal: context.signal,
    })
    await awaitRules(target.prometheus, rules, context.signal)
    const own = { ...target, kubeconfig: cluster.kubeconfig }
    await writeJson(targetFile(cluster), own)
    return { target: own, cluster, started: running === null }
  } catch (error) {
    if (running === null) await stopCluster(ref)
    throw error
  }
}

/** The target of an embedded cluster that runs already; null where none does. */
export const findEmbedded = async (context: Context, name: string): Promise<TargetOptions | null> => {
  const cluster = findCluster({ name, stateRoot: stateRoot(context.env) })
  if (cluster === null) return null
  const text = await readFile(targetFile(cluster), 'utf8').catch(() => null)
  return text === null ? null : TargetOptions.parse(JSON.parse(text))
}

// --- Internal helpers ---

const targetFile = ({ stateDir }: ClusterInfo): string => join(stateDir, 'target.json')

const rulesOf = ({ rules }: EmbeddedOptions, { ruleFactor }: StackProfile): Promise<Record<string, string>> =>
  rules === undefined ? shippedRules(ruleFactor) : userRules(rules, { promtool: toolPath('promtool') })

const RELOAD_MS = 30_000
const RuleFile = z.object({ groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string().optional() })) })) })

/** Prometheus takes changed rules within seconds; until then it would be judged by the old ones. */
const awaitRules = async (url: string, files: Record<string, string>, signal: AbortSignal): Promise<void> => {
  const wanted = Object.values(files)
    .flatMap((text) => RuleFile.parse(parse(text)).groups)
    .flatMap(({ rules }) => rules.flatMap(({ alert }) => (alert === undefined ? [] : [alert])))
  const prometheus = prometheusClient({ endpoint: { url, headers: {} } })
  const names = (alerts: readonly string[]): string => [...alerts].sort().join()
  const check = async (): Promise<boolean> =>
    names((await prometheus.rules()).map(({ alert }) => alert)) === names(wanted)
  await until(check, { what: 'Prometheus to take the rules', timeoutMs: RELOAD_MS, signal })
}

interface ReadEngine {
  vllm: string
  real: RealEngine
}

const readEngine = async (path: string): Promise<ReadEngine> => {
  try {
    const { venv, ...real } = Engine.parse(parse(await readFile(path, 'utf8')))
    return { vllm: join(venv, 'bin/vllm'), real }
  } catch (error) {
    throw new UserError({
      code: 'engine-invalid',
      message: `expected venv, replicas and args of a real vLLM in ${path}, found: ${error instanceof z.ZodError ? z.prettifyError(error) : errorMessage(error)}`,
      hint: 'docs/engine.md shows such a file',
      cause: error,
    })
  }
}

const start = async (
  context: Context,
  { name }: EmbeddedOptions,
  engine: ReadEngine | undefined,
): Promise<ClusterInfo> => {
  context.status('bundling the programs of the cluster')
  const bundles = await bundlePrograms(join(cacheRoot(context.env), 'bundles'))
  const node = process.execPath
  const agent = bundles['node-agent']
  if (agent === undefined) throw new Error('there is no bundle of the node agent')
  return startCluster({
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
      vllm: engine?.vllm,
    }),
    nodes: EMBEDDED_NODES,
    onProgress: ({ text }) => context.status(`cluster: ${text}`),
    signal: context.signal,
  })
}
