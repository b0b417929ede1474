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

/** What the embedded cluster runs in place of each image of the stack. */
export const imageMap = ({ tools, bundles, node, vllm }: ImageMapOptions): ImageMap => {
  const app = (name: string): Program => {
    const path = bundles[name]
    if (path === undefined) throw new Error(`there is no bundle of stack/apps/${name}`)
    return { command: [node, path], env: { NODE_ENV: 'production' } }
  }
  return {
    'vllm/vllm-openai': vllm === undefined ? app('vllm') : { command: [vllm, 'serve'] },
    'firedrill/gateway': app('gateway'),
    'firedrill/gpu-emulator': app('gpu-emulator'),
    'firedrill/gpu-hog': app('gpu-hog'),
    'firedrill/alert-receiver': app('alert-receiver'),
    'prom/prometheus': { command: [tools.prometheus] },
    'prom/alertmanager': { command: [tools.alertmanager] },
    'rancher/mirrored-kube-state-metrics-kube-state-metrics': { command: [tools['kube-state-metrics']] },
  }
}
