import { z } from 'zod'
import { ENGINE_FUNCTIONS, REQUIRE_ENGINE } from '../../lib/core/engine-process.ts'
import { defineFault, type FaultKube } from '../../lib/core/fault.ts'
import type { ExecPod } from '../../lib/core/fault-kube/exec.ts'

interface Plan {
  victims: { name: string; uid: string; node: string; container: string; restarts: number }[]
}

const params = z.strictObject({
  count: z.number().int().positive().default(1).describe('Ready serving pods whose engine process is killed'),
})

/** Out of memory, a CUDA error, a bug: vLLM's server finds its engine gone and ends, and the kubelet starts the container again. */
export default defineFault<z.infer<typeof params>, Plan>({
  name: 'container-crash',
  summary: 'Kills the engine process of serving pods: the container ends, and starts cold in its place',
  group: 'serving',
  requires: ['exec'],
  needs: ['pods:get', 'pods/exec:create', 'pods/exec:get'],
  moves: ['availability', 'throughput', 'queue', 'latency'],
  signals: {
    moves: [
      { signal: 'restarts', to: 'up' },
      { signal: 'ready-replicas', to: 'down' },
    ],
    still: ['prompt-tokens', 'ready-nodes'],
  },
  blast: 'pod',
  ends: { by: 'itself', how: 'the kubelet starts the container again' },
  draw: 'moment',
  params,

  plan({ params: { count }, target: { pods, selector, can }, random }) {
    const ready = pods.filter((pod) => pod.ready)
    if (can.exec?.ok !== true || ready.length < count) {
      const reason = `expected ${count} ready pods of "${selector}" that run commands, found ${can.exec?.ok === true ? ready.length : 0}`
      return { ok: false, reason }
    }
    const { container } = can.exec
    const victims = random
      .pick(ready, count)
      .map(({ name, uid, node, restarts = 0 }) => ({ name, uid, node, container, restarts }))
    return { ok: true, plan: { victims }, unavailable: count }
  },

  // A container that was started again since the plan has crashed already: by us, or by itself.
  async inject({ plan: { victims }, kube }) {
    const pods = await kube.servingPods()
    const untouched = victims.filter(({ uid, restarts }) =>
      pods.some((pod) => pod.uid === uid && (pod.restarts ?? 0) === restarts),
    )
    await Promise.all(untouched.map((victim) => kill(kube, victim)))
  },

  async verify({ plan: { victims }, kube }) {
    const pods = await kube.servingPods()
    const restarted = victims.filter(({ uid, restarts }) =>
      pods.some((pod) => pod.uid === uid && (pod.restarts ?? 0) > restarts),
    )
    const reason = `${restarted.length} of ${victims.length} victims were restarted in place`
    return {
      bit: restarted.length === victims.length,
      reason,
      facts: { restarted: restarted.map(({ name }) => name) },
    }
  },

  // Nothing to undo: the kubelet brings the container back, and the controller waits for it.
  async heal() {},
})

// --- Internal helpers ---

const KILL = `${ENGINE_FUNCTIONS}${REQUIRE_ENGINE}kill -KILL $found`

/** Of a command that the end of its container took along. */
const TAKEN_ALONG = 137

const kill = async (kube: FaultKube, victim: ExecPod): Promise<void> => {
  const result = await kube.exec(victim, ['sh', '-c', KILL])
  if (result === null || result.exitCode === 0 || result.exitCode === TAKEN_ALONG) return
  throw new Error(`${victim.name}: ${result.stderr.trim() || `the command ended with exit code ${result.exitCode}`}`)
}
