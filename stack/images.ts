import { NODE_MALLOC_ENV } from '../lib/cluster/contract.ts'
import type { ImageMap, Program } from '../lib/cluster/types.ts'

export interface ImageMapOptions {
  /** Paths of the built tools. */
  tools: { prometheus: string; alertmanager: string; 'kube-state-metrics': string }
  /** Paths of the bundled programs, by the name of their folder in stack/apps. */
  bundles: Record<string, string>
  /** Path of the Node.js that runs the bundles. */
  node: string
  /** The `vllm` of a virtual environment, to run real engines in place of the emulated one. */
  vllm?: string | undefined
}

// Half of Go's default: their heaps are small, and collecting them costs next to nothing.
const GO_ENV = { GOGC: '50' }

// For programs with little to do: new objects are collected every mebibyte, where V8 otherwise waits for 16.
const SMALL = { flags: ['--max-semi-space-size=1'], env: NODE_MALLOC_ENV }

/**
 * The releases that the emulator can be (lib/vllm/metrics/version.ts): a tag names one, as on Docker Hub. It goes below the pod's own
 * variables and arguments.
 */
export const EMULATED_TAGS = {
  pattern: String.raw`v(0\.(?:[6-9]|[12]\d|3[0-2])\.\d+(?:\.\d+|\.post\d+)?)(?:-[\w.-]+)?|latest|nightly`,
  variable: 'VLLM_EMULATOR_VERSION',
}
/** A real engine is what is installed, which the manifest's tag stands for. */
const INSTALLED_TAGS = { pattern: String.raw`v0\.32\.0|latest` }

/** What the embedded cluster runs in place of each image of the stack. */
export const imageMap = ({ tools, bundles, node, vllm }: ImageMapOptions): ImageMap => {
  const app = (name: string, { flags, env }: Partial<typeof SMALL> = {}): Program => {
    const path = bundles[name]
    if (path === undefined) throw new Error(`there is no bundle of stack/apps/${name}`)
    return { command: [node, ...(flags ?? []), path], env: { NODE_ENV: 'production', ...env } }
  }
  // Beside a program that holds the emulated GPU's memory for it.
  const real = (path: string): Program => {
    const { command, ...program } = app('real-vllm', SMALL)
    return { ...program, command: [...command, path, 'serve'], tags: INSTALLED_TAGS }
  }
  // As the NVIDIA runtime mounts it into every container with a GPU.
  const driver = { 'nvidia-smi': app('nvidia-smi', SMALL).command }
  const dcgmi = app('dcgmi', SMALL)
  return {
    'vllm/vllm-openai': {
      ...(vllm === undefined ? { ...app('vllm'), tags: EMULATED_TAGS } : real(vllm)),
      tools: driver,
    },
    'firedrill/gateway': app('gateway'),
    'firedrill/gpu-emulator': app('gpu-emulator', SMALL),
    'nvcr.io/nvidia/cloud-native/dcgm': { ...dcgmi, tools: { dcgmi: dcgmi.command } },
    'nvidia/cuda': { ...app('nvidia-smi', SMALL), tools: driver },
    'firedrill/gpu-hog': app('gpu-hog'),
    'firedrill/alert-receiver': app('alert-receiver', SMALL),
    'prom/prometheus': { command: [tools.prometheus], env: GO_ENV },
    'prom/alertmanager': { command: [tools.alertmanager], env: GO_ENV },
    'rancher/mirrored-kube-state-metrics-kube-state-metrics': { command: [tools['kube-state-metrics']], env: GO_ENV },
  }
}
