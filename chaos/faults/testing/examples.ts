import type { TargetSnapshot } from '../../../lib/core/fault.ts'

/** Params of each fault that the contract suites plan and act with, on this target. */
export const EXAMPLES: Record<string, Record<string, unknown>[]> = {
  'pod-kill': [{}, { count: 2, gracePeriodSeconds: 5 }],
  'feature-flag': [
    { flag: 'prompt-template', variant: 'long' },
    { flag: 'prompt-template', variant: 'long', share: 30 },
  ],
  'gpu-memory-pressure': [{}, { mib: 5_000, restartVictim: true }],
}

const pod = (name: string, node: string, ready: boolean): TargetSnapshot['pods'][number] => ({
  name,
  uid: `uid-of-${name}`,
  node,
  ready,
  image: 'vllm/vllm-openai',
})

const FLAGS = {
  flags: {
    'prompt-template': { state: 'ENABLED', variants: { short: 1, long: 2 }, defaultVariant: 'short' },
  },
}

export const SNAPSHOT: TargetSnapshot = {
  namespace: 'llm',
  selector: 'app=vllm',
  pods: [pod('a', 'gpu-1', true), pod('b', 'gpu-2', true), pod('c', 'gpu-3', true), pod('d', 'gpu-4', false)],
  can: {
    'feature-flags': { ok: true, configMap: 'feature-flags', key: 'flags.json', document: JSON.stringify(FLAGS) },
    'gpu-metrics': {
      ok: true,
      nodes: Object.fromEntries(['gpu-1', 'gpu-2', 'gpu-3'].map((node) => [node, { usedMiB: 75_000, freeMiB: 6_559 }])),
    },
  },
}
