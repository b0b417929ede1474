import { z } from 'zod'
import { defineFault } from '../../lib/core/fault.ts'
import { DOWN_ANNOTATION, readOutage, writeOutage } from '../../lib/core/node-outage.ts'

interface Plan {
  id: string
  node: { name: string; uid: string }
  /** Serving pods that go down with it. */
  victims: string[]
  durationMs: number
}

const params = z.strictObject({
  node: z
    .string()
    .min(1)
    .optional()
    .describe('The node that fails; drawn from those with ready serving pods otherwise'),
})

/**
 * The power goes: every process of the node is dead at once, and nobody says so. Kubernetes misses its heartbeat after the node
 * controller's grace period (12 s on the embedded cluster, 50 s elsewhere), and only then calls its pods unready; what runs there is
 * replaced after five minutes. When the power is back, the pods that are still bound to it start again, restarted by one.
 */
export default defineFault<z.infer<typeof params>, Plan>({
  name: 'node-down',
  summary: 'Takes the power from a node with serving pods',
  group: 'node',
  requires: ['node-outage'],
  needs: ['nodes:get', 'nodes:patch'],
  moves: ['availability', 'throughput', 'queue', 'latency', 'gpu'],
  signals: {
    moves: [
      { signal: 'ready-nodes', to: 'down' },
      { signal: 'ready-replicas', to: 'down' },
      { signal: 'targets-up', to: 'down' },
      { signal: 'gpu-memory-used', to: 'down' },
    ],
    still: ['prompt-tokens'],
  },
  blast: 'node',
  ends: { by: 'itself', how: 'the annotation carries the time at which the node has its power again' },
  draw: 'band',
  params,

  plan({ params: { node: asked }, target, random, id, durationMs }) {
    const nodes = target.can['node-outage']?.ok === true ? target.can['node-outage'].nodes : {}
    const ready = target.pods.filter(({ ready: is, node }) => is && node in nodes)
    const names = [...new Set(ready.map(({ node }) => node))].filter((name) => asked === undefined || name === asked)
    const [name] = random.pick(names, 1)
    const facts = name === undefined ? undefined : nodes[name]
    if (name === undefined || facts === undefined) {
      const where = asked ?? 'a node that plays outages'
      return { ok: false, reason: `expected a ready pod of "${target.selector}" on ${where}, found none` }
    }
    if (facts.downBy !== null)
      return { ok: false, reason: `expected ${name} to be up, found it taken down by ${facts.downBy}` }
    const victims = ready.filter(({ node }) => node === name).map((pod) => pod.name)
    const plan = { id, node: { name, uid: facts.uid }, victims, durationMs }
    return { ok: true, plan, unavailable: victims.length }
  },

  async inject({ plan: { id, node, durationMs }, kube, injectedAt }) {
    await kube.changeNode(node, ({ annotations }) => {
      const now = readOutage(annotations)
      if (now?.id === id) return null
      if (now !== null) throw new Error(`expected ${node.name} to be up, found it taken down by ${now.id}`)
      return { annotations: { [DOWN_ANNOTATION]: writeOutage({ until: injectedAt + durationMs, id }) } }
    })
  },

  /** By Kubernetes' own word: the node is missed. */
  async verify({ plan: { id, node, victims }, kube }) {
    const now = await kube.readNode(node.name)
    const asked = now !== null && readOutage(now.annotations)?.id === id
    const down = asked && !now.ready
    const state = down ? 'not ready' : asked ? 'down and not missed yet' : 'up'
    const reason = `${node.name} is ${state}; serving pods on it: ${victims.join(', ')}`
    return { bit: down, reason, facts: { node: node.name, ready: now?.ready ?? null, victims } }
  },

  async heal({ plan: { id, node }, kube }) {
    await kube.changeNode(node, ({ annotations }) =>
      readOutage(annotations)?.id === id ? { annotations: { [DOWN_ANNOTATION]: null } } : null,
    )
  },
})
