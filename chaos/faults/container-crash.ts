import { z } from 'zod'
import { ENGINE_FUNCTIONS, REQUIRE_ENGINE } from '../../lib/core/engine-process.ts'
import { defineFault } from '../../lib/core/fault.ts'
import { run } from '../exec/run.ts'

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
    await Promise.all(untouched.map((victim) => run(kube, victim, ['sh', '-c', KILL])))
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

// A moment later, in a session of its own: the container's end would take the command's answer along.
const KILL = `${ENGINE_FUNCTIONS}${REQUIRE_ENGINE}
setsid=""; command -v setsid >/dev/null && setsid=setsid
$setsid sh -c 'sleep 0.3; kill -KILL "$@"' sh $found </dev/null >/dev/null 2>&1 &
`
