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
  'gpu-memory-pressure': [{}, { mib: 5_000, restartVictim: true }],
}

const pod = (name: string, node: string, ready: boolean): TargetSnapshot['pods'][number] => ({
  name,
  uid: `uid-of-${name}`,
  node,
  ready,
  image: 'vllm/vllm-openai',
})

export const SNAPSHOT: TargetSnapshot = {
  namespace: 'llm',
  selector: 'app=vllm',
  pods: [pod('a', 'gpu-1', true), pod('b', 'gpu-2', true), pod('c', 'gpu-3', true), pod('d', 'gpu-4', false)],
  can: {
    'feature-flags': { ok: true, configMap: 'feature-flags', key: 'flags.json', document: flagsDocument },
    'gpu-metrics': {
      ok: true,
      nodes: Object.fromEntries(['gpu-1', 'gpu-2', 'gpu-3'].map((node) => [node, { usedMiB: 75_000, freeMiB: 6_559 }])),
    },
  },
}
