import { z } from 'zod'
import { defineFault } from '../../lib/core/fault.ts'
import { isReplaced } from '../../lib/core/target-snapshot.ts'

interface Plan {
  victims: { name: string; uid: string; node: string }[]
  gracePeriodSeconds: number
}

const params = z.strictObject({
  count: z.number().int().positive().default(1).describe('Ready serving pods to delete'),
  gracePeriodSeconds: z.number().int().nonnegative().default(0).describe('0 kills at once, in-flight requests break'),
})

/** The ReplicaSet starts a cold replacement at once: the fault is the time until that one is ready. */
export default defineFault<z.infer<typeof params>, Plan>({
  name: 'pod-kill',
  summary: 'Deletes serving pods: streams break, and cold replacements start',
  group: 'serving',
  requires: [],
  needs: ['pods:get', 'pods:delete'],
  moves: ['availability', 'throughput', 'queue', 'latency'],
  signals: { moves: [{ signal: 'ready-replicas', to: 'down' }], still: ['prompt-tokens', 'ready-nodes'] },
  blast: 'pod',
  ends: { by: 'itself', how: 'the owner of the pods starts others at once' },
  draw: 'moment',
  params,

  plan({ params: { count, gracePeriodSeconds }, target, random }) {
    const ready = target.pods.filter((pod) => pod.ready && isReplaced(pod))
    if (ready.length < count) {
      const reason = `expected ${count} ready pods of "${target.selector}" that a controller owns, found ${ready.length}`
      return { ok: false, reason }
    }
    const victims = random.pick(ready, count).map(({ name, uid, node }) => ({ name, uid, node }))
    return { ok: true, plan: { victims, gracePeriodSeconds }, unavailable: count }
  },

  // The UID precondition leaves a replacement alone that took the name.
  async inject({ plan: { victims, gracePeriodSeconds }, kube }) {
    await Promise.all(victims.map(({ name, uid }) => kube.deletePod(name, { uid, gracePeriodSeconds })))
  },

  async verify({ plan: { victims }, kube }) {
    const alive = await kube.alive(victims)
    const gone = victims.filter(({ name }) => !alive.includes(name)).map(({ name }) => name)
    const reason = `${gone.length} of ${victims.length} victims are gone`
    return { bit: alive.length === 0, reason, facts: { gone, alive } }
  },

  // Nothing to undo: the owner brings the replicas back, and the controller waits for them.
  async heal() {},
})
