import type { CapabilityFacts } from '../core/capability.ts'
import type { FaultKube, TargetSnapshot } from '../core/fault.ts'
import { deriveSeed, seededRandom } from '../core/random.ts'
import type { SampleSeries } from '../core/run-folder.ts'
import type { Workload } from '../core/workload.ts'
import type { PrometheusClient } from '../prometheus/client.ts'
import type { Clockwork } from './clockwork.ts'
import { type Cluster, createCluster } from './cluster/cluster.ts'
import type { Pod } from './cluster/pod.ts'
import { dcgmPage } from './exporters/dcgm.ts'
import { kubeStatePage } from './exporters/kube-state.ts'
import { type FlagStore, servingPods, simulatedKube } from './faults/kube.ts'
import { createGateway, type Gateway } from './gateway/gateway.ts'
import { createPromptMaker, type PromptMaker } from './load/prompt.ts'
import { seriesOf, simulatedClient } from './prometheus/client.ts'
import type { Question, SimulatedPrometheus } from './prometheus/simulated-prometheus.ts'
import { createNumbering, type Numbering } from './scrape/numbering.ts'
import { createScraper, type Scraper } from './scrape/scraper.ts'
import type { SimulatedStack } from './stack.ts'

/** The stack as it stands: pods, gateway, Prometheus with its targets. */
export interface Fleet {
  cluster: Cluster
  gateway: Gateway
  prompts: PromptMaker
  client: PrometheusClient
  conditions(nameLabel: string, groupLabel: string): Promise<SampleSeries[]>
  kube: FaultKube
  snapshot(): Promise<TargetSnapshot>
  /** A sample that nobody scrapes: k6 writes its own. */
  write(name: string, labels: Readonly<Record<string, string>>, value: number): void
  /** Everything that is due by now has been evaluated. */
  settle(): void
}

export interface FleetOptions {
  clock: Clockwork
  stack: SimulatedStack
  workload: Workload
  prometheus: SimulatedPrometheus
  seed: number
  wanted: ((metric: string) => boolean) | null
}

/** From a ConfigMap's change in the API to the gateway's file. */
const FLAGS_MOUNTED_MS = 50
const RULES_DIR = '/etc/prometheus/rules'

export const createFleet = async (options: FleetOptions): Promise<Fleet> => {
  const { clock, stack, workload, prometheus, seed, wanted } = options
  const { serving, profile } = stack
  const { frames } = prometheus
  await prometheus.open({
    rules: Object.fromEntries(Object.entries(stack.rules).map(([name, text]) => [`${RULES_DIR}/${name}`, text])),
    evaluationIntervalMs: profile.evaluationIntervalMs,
    from: clock.now(),
    bare: wanted !== null,
  })
  const random = (name: string) => seededRandom(deriveSeed(seed, name))
  const cluster = createCluster({ clock, stack, random: random('pods'), wanted })
  const prompts = createPromptMaker(workload)
  const gateway = createGateway({
    clock,
    cluster,
    prompts,
    random: random('gateway'),
    maxModelLen: serving.engine.engine.maxModelLen,
  })
  const flags = createFlagStore(stack.flags, (document) =>
    clock.after(FLAGS_MOUNTED_MS, () => gateway.setFlags(document)),
  )
  gateway.setFlags(flags.read())
  const numbering = createNumbering(frames, wanted ?? (() => true))
  const scraper = createScraper({
    clock,
    frames,
    numbering,
    intervalMs: profile.scrapeIntervalMs,
    seed,
    onWrite: () => {
      frames.evaluate(clock.now() - 1)
      prometheus.flush()
    },
  })
  addTargets({ clock, stack, cluster, gateway, scraper })
  const ask = (question: Question): Promise<string> => {
    frames.evaluate(clock.now())
    return prometheus.ask(question)
  }
  const client = simulatedClient({
    prometheus: { ask },
    now: clock.now,
    hold: clock.hold,
    described: scraper.described,
  })
  return {
    cluster,
    gateway,
    prompts,
    client,
    conditions: async (nameLabel, groupLabel) =>
      seriesOf(await clock.hold(ask({ kind: 'conditions', nameLabel, groupLabel }))),
    kube: simulatedKube(clock, cluster, flags),
    snapshot: async () => ({
      namespace: serving.namespace,
      selector: serving.selector,
      pods: servingPods(cluster),
      can: {
        'feature-flags': { ok: true, configMap: flags.configMap, key: flags.key, document: flags.read() },
        'gpu-metrics': { ok: true, nodes: await gpuMemory(client) },
      },
    }),
    write: writer(clock, frames, numbering),
    settle: () => frames.evaluate(clock.now()),
  }
}

// --- Internal helpers ---

const createFlagStore = (
  { configMap, key, document }: SimulatedStack['flags'],
  onChange: (document: string) => void,
): FlagStore => {
  let current = document
  return {
    configMap,
    key,
    read: () => current,
    write: (changed) => {
      current = changed
      onChange(changed)
    },
  }
}

interface Targets {
  clock: Clockwork
  stack: SimulatedStack
  cluster: Cluster
  gateway: Gateway
  scraper: Scraper
}

/** The jobs of stack/manifests/prometheus.yaml, with the labels that its relabelling gives. */
const addTargets = ({ clock, stack, cluster, gateway, scraper }: Targets): void => {
  const { serving, gpuNodes, gpu } = stack
  const forget = new Map<Pod, () => void>()
  cluster.pods.onChange((pod, change) => {
    if (pod.owner.kind !== 'ReplicaSet') return
    if (change === 'deleted') return forget.get(pod)?.()
    if (pod.ip === null || pod.node === null || forget.has(pod)) return
    const labels = {
      instance: `${pod.ip}:${serving.port}`,
      namespace: serving.namespace,
      node: pod.node,
      pod: pod.name,
    }
    const page = () => cluster.processOf(pod)?.serving()?.page ?? null
    forget.set(pod, scraper.add({ job: 'vllm', labels, honorLabels: false, page }))
  })
  const gatewayLabels = {
    instance: '127.1.0.5:8080',
    namespace: serving.namespace,
    node: gpuNodes[0] ?? '',
    pod: 'gateway-simulated',
  }
  scraper.add({ job: 'gateway', labels: gatewayLabels, honorLabels: false, page: () => gateway.metrics.page })
  for (const [index, node] of gpuNodes.entries()) {
    const ledger = cluster.gpus.get(node)
    if (ledger === undefined) continue
    const page = dcgmPage(ledger, node, gpu.reservedMiB, clock.now)
    const labels = {
      instance: `127.1.255.${index + 2}:9400`,
      namespace: 'gpu-operator',
      node,
      pod: `dcgm-exporter-${node}`,
    }
    scraper.add({ job: 'dcgm-exporter', labels, honorLabels: false, page: () => page })
  }
  const kubeState = kubeStatePage(cluster, stack)
  const labels = { instance: '127.1.0.2:8080' }
  scraper.add({ job: 'kube-state-metrics', labels, honorLabels: true, page: () => kubeState })
}

/** MiB by node, as chaos/capabilities/gpu-metrics.ts asks for them. */
const gpuMemory = async (client: PrometheusClient): Promise<CapabilityFacts['gpu-metrics']['nodes']> => {
  const used = await client.query('DCGM_FI_DEV_FB_USED')
  const free = await client.query('DCGM_FI_DEV_FB_FREE')
  return Object.fromEntries(
    free.map(({ labels, value }) => [
      labels['node'] ?? '',
      { freeMiB: value, usedMiB: used.find((other) => other.labels['node'] === labels['node'])?.value ?? 0, gpus: 1 },
    ]),
  )
}

const writer =
  (clock: Clockwork, frames: SimulatedPrometheus['frames'], numbering: Numbering): Fleet['write'] =>
  (name, labels, value) => {
    const number = numbering.of(name, labels)
    if (number === null) return
    frames.evaluate(clock.now() - 1)
    frames.scrape(clock.now())
    frames.sample(number, value)
  }
