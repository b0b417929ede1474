import { z } from 'zod'
import { defineFault } from '../../lib/core/fault.ts'

interface Plan {
  pods: { name: string; uid: string; restarts: number }[]
}

/** A control: a window in which nothing is done. What fires in it fires without us. */
export default defineFault<Record<string, never>, Plan>({
  name: 'none',
  summary: 'Does nothing for a while: every alert has to stay quiet',
  group: 'control',
  requires: [],
  needs: [],
  moves: [],
  signals: {
    moves: [],
    still: ['ready-replicas', 'restarts', 'targets-up', 'ready-nodes', 'schedulable-nodes', 'prompt-tokens'],
  },
  blast: 'nothing',
  ends: { by: 'itself', how: 'there is nothing to end' },
  draw: 'band',
  params: z.strictObject({}),

  plan({ target }) {
    const ready = target.pods.filter((pod) => pod.ready)
    if (ready.length === 0) return { ok: false, reason: `expected ready pods of "${target.selector}", found none` }
    const pods = ready.map(({ name, uid, restarts = 0 }) => ({ name, uid, restarts }))
    return { ok: true, plan: { pods }, unavailable: 0 }
  },

  async inject() {},

  /** Nothing was done, and nobody else did anything either as far as the pods tell. */
  async verify({ plan: { pods }, kube }) {
    const now = await kube.servingPods()
    const isAsItWas = ({ uid, restarts }: Plan['pods'][number]): boolean =>
      now.some((pod) => pod.uid === uid && pod.ready && (pod.restarts ?? 0) === restarts)
    const changed = pods.filter((pod) => !isAsItWas(pod)).map(({ name }) => name)
    const reason = `nothing was done; ${pods.length - changed.length} of ${pods.length} serving pods are as they were`
    return { bit: changed.length === 0, reason, facts: { changed } }
  },

  async heal() {},
})
