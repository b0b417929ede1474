import { z } from 'zod'
import { defineFault } from '../../lib/core/fault.ts'
import { FAULT_LABEL } from '../../lib/core/fault-resource.ts'
import { isReplaced } from '../../lib/core/target-snapshot.ts'
import { refusedBy } from '../eviction/budgets.ts'
import { evict, evicted, PATIENCE_MS, type Victim } from '../eviction/evict.ts'

interface Plan {
  id: string
  node: { name: string; uid: string }
  /** Cordoned before us: then it stays cordoned. */
  cordoned: boolean
  victims: Victim[]
  patienceMs: number
}

const params = z.strictObject({
  node: z.string().min(1).optional().describe('The node to drain; drawn from those with ready serving pods otherwise'),
})

/**
 * Cordons a node and evicts its serving pods, asking their disruption budgets as `pod-evict` does. `kubectl drain` goes on to evict
 * everything else but the daemons: other people's pods are not ours to take, so they stay, and so do serving pods that nobody would start
 * again. Uncordoned it takes new pods again; nothing
 * moves back by itself.
 */
export default defineFault<z.infer<typeof params>, Plan>({
  name: 'node-drain',
  summary: 'Cordons a node and evicts the serving pods that run on it',
  group: 'node',
  requires: ['nodes', 'eviction'],
  needs: ['nodes:get', 'nodes:patch', 'pods:get', 'pods/eviction:create'],
  moves: ['availability', 'throughput', 'queue', 'latency'],
  signals: {
    moves: [
      { signal: 'schedulable-nodes', to: 'down' },
      { signal: 'ready-replicas', to: 'down' },
    ],
    still: ['prompt-tokens', 'ready-nodes'],
  },
  blast: 'node',
  ends: { by: 'controller', how: 'the controller uncordons the node; a cordon has no end of its own' },
  draw: 'band',
  params,

  plan({ params: { node: asked }, target, random, id, durationMs }) {
    const nodes = target.can.nodes?.ok === true ? target.can.nodes.nodes : {}
    const budgets = target.can.eviction?.ok === true ? target.can.eviction.budgets : []
    const ready = target.pods.filter((pod) => pod.ready && pod.node in nodes && isReplaced(pod))
    const names = [...new Set(ready.map(({ node }) => node))].filter((name) => asked === undefined || name === asked)
    const [name] = random.pick(names, 1)
    const facts = name === undefined ? undefined : nodes[name]
    if (name === undefined || facts === undefined) {
      const where = asked ?? 'a node'
      const reason = `expected a ready pod of "${target.selector}" that a controller owns on ${where}, found none`
      return { ok: false, reason }
    }
    if (facts.drainedBy !== null) {
      return { ok: false, reason: `expected ${name} to be left alone, found it drained by ${facts.drainedBy}` }
    }
    const victims = ready
      .filter(({ node }) => node === name)
      .map(({ name: pod, uid, node }) => ({ name: pod, uid, node }))
    const refusal = refusedBy(
      budgets,
      victims.map((victim) => victim.name),
    )
    if (refusal !== null) return { ok: false, reason: refusal }
    const node = { name, uid: facts.uid }
    const plan = { id, node, cordoned: facts.unschedulable, victims, patienceMs: Math.min(PATIENCE_MS, durationMs) }
    return { ok: true, plan, unavailable: victims.length }
  },

  async inject({ plan: { id, node, victims, patienceMs }, ...hand }) {
    await hand.kube.changeNode(node, ({ annotations }) => {
      const other = annotations[FAULT_LABEL]
      if (other === id) return null
      if (other !== undefined) throw new Error(`expected ${node.name} to be left alone, found it drained by ${other}`)
      return { unschedulable: true, annotations: { [FAULT_LABEL]: id } }
    })
    await evict(victims, { patienceMs }, hand)
  },

  async verify({ plan: { id, node, victims }, kube }) {
    const now = await kube.readNode(node.name)
    const cordoned = now?.unschedulable === true && now.annotations[FAULT_LABEL] === id
    const { reason, ...facts } = await evicted(victims, { kube })
    const cordon = `${node.name} is ${cordoned ? '' : 'not '}cordoned`
    return { bit: cordoned && facts.alive.length === 0, reason: `${cordon}; ${reason}`, facts: { cordoned, ...facts } }
  },

  // Without our mark it was never ours; one that somebody uncordoned meanwhile loses the mark only.
  async heal({ plan: { id, node, cordoned }, kube }) {
    await kube.changeNode(node, ({ annotations }) => {
      if (annotations[FAULT_LABEL] !== id) return null
      return { annotations: { [FAULT_LABEL]: null }, ...(cordoned ? {} : { unschedulable: false }) }
    })
  },
})
