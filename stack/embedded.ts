import { z } from 'zod'
import type { Manifest } from '../lib/kube/apply.ts'
import {
  type Container,
  editConfigMap,
  editContainers,
  editWorkload,
  editYaml,
  labelPods,
  withArg,
  withEnv,
  type Workload,
} from './manifest.ts'

/** A real vLLM on the machine's CPU in place of the emulated one. */
export interface RealEngine {
  replicas: number
  /** vLLM's own arguments, in place of the manifest's; `--host` and `--port` are added. */
  args: readonly string[]
  env: Record<string, string>
  /** Its model has no weights but random ones. */
  randomWeights?: boolean
}

export interface EmbeddedOptions {
  /** More settings of the emulated engine (`VLLM_EMULATOR_…`), over the defaults. */
  engineEnv?: Record<string, string>
  realEngine?: RealEngine
}

export const SYNTHETIC_LABEL = 'firedrill.dev/synthetic'

/** What the emulated engine is unless told otherwise. */
const ENGINE_ENV = { VLLM_EMULATOR_PRESET: 'drill', VLLM_EMULATOR_COLD_START: '8s' }

/** Where the node agent puts a pod's kubeconfig, beside the token: nothing there serves KUBERNETES_SERVICE_HOST. */
const KUBECONFIG = '/var/run/secrets/kubernetes.io/serviceaccount/kubeconfig'

/** The manifests as the embedded cluster needs them. */
export const forEmbedded = (manifests: readonly Manifest[], options: EmbeddedOptions): Manifest[] => {
  const edits = [
    editConfigMap('prometheus', editYaml('prometheus.yml', PrometheusConfig, withKubeconfig)),
    editWorkload('kube-state-metrics', (workload) =>
      editContainers(workload, (container) => withArg(container, '--kubeconfig', KUBECONFIG)),
    ),
    // The agent turns 127.0.0.1 in ConfigMaps into the pod's address: the receiver listens there only.
    editWorkload('alertmanager', (workload) =>
      editContainers(workload, (container) =>
        container.name === 'alert-receiver' ? withEnv(container, { HOST: '$(POD_IP)' }) : container,
      ),
    ),
    editWorkload('vllm', (workload) =>
      options.realEngine === undefined
        ? emulatedEngine(workload, options.engineEnv ?? {})
        : realEngine(workload, options.realEngine),
    ),
  ]
  return manifests
    .filter(({ kind }) => kind !== 'Service') // EndpointSlices refuse loopback addresses.
    .map((manifest) => edits.reduce((edited, edit) => edit(edited), manifest))
}

// --- Internal helpers ---

const Discovery = z.looseObject({ kubernetes_sd_configs: z.array(z.looseObject({})) })

const PrometheusConfig = z.looseObject({
  alerting: z.looseObject({ alertmanagers: z.array(Discovery) }),
  scrape_configs: z.array(Discovery),
})

const withKubeconfig = (config: z.infer<typeof PrometheusConfig>): z.infer<typeof PrometheusConfig> => {
  const discovery = (part: z.infer<typeof Discovery>) => ({
    ...part,
    kubernetes_sd_configs: part.kubernetes_sd_configs.map((sd) => ({ ...sd, kubeconfig_file: KUBECONFIG })),
  })
  return {
    ...config,
    alerting: { ...config.alerting, alertmanagers: config.alerting.alertmanagers.map(discovery) },
    scrape_configs: config.scrape_configs.map(discovery),
  }
}

const emulatedEngine = (workload: Workload, engineEnv: Record<string, string>): Workload => {
  const labelled = labelPods(workload, { [SYNTHETIC_LABEL]: 'engine' })
  return editContainers(labelled, (container) => withEnv(container, { ...ENGINE_ENV, ...engineEnv }))
}

const realEngine = (workload: Workload, { replicas, args, env, randomWeights }: RealEngine): Workload => {
  const address = ['--host', '$(POD_IP)', '--port', '8000']
  const engine = (container: Container): Container => withEnv({ ...container, args: [...args, ...address] }, env)
  const labelled = randomWeights === true ? labelPods(workload, { [SYNTHETIC_LABEL]: 'weights' }) : workload
  const edited = editContainers(labelled, engine)
  return { ...edited, spec: { ...edited.spec, replicas } }
}
