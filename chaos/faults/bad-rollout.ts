import { z } from 'zod'
import { defineFault, type ServingPod } from '../../lib/core/fault.ts'
import { withTag } from '../rollout/image.ts'
import { newPods, planRollout, refuse, type Rollout, seen } from '../rollout/rollout.ts'
import { neverReady } from '../rollout/probes.ts'

const params = z.strictObject({
  what: z
    .enum(['image', 'readiness'])
    .default('image')
    .describe('A tag that cannot be pulled, or a readiness probe at a path that nothing answers'),
  tag: z
    .string()
    .regex(/^\w[\w.-]{0,127}$/, 'expected a tag')
    .default('firedrill-no-such-tag')
    .describe('The tag, for `image`'),
})

/** A deploy that hangs: the controller waits for the first new pods and goes no further. */
export default defineFault<z.infer<typeof params>, Rollout>({
  name: 'bad-rollout',
  summary: 'Rolls out an image or a configuration that never gets ready',
  group: 'serving',
  requires: ['workload'],
  needs: ['deployments.apps:get', 'deployments.apps:patch'],
  moves: ['availability', 'throughput', 'queue', 'latency'],
  signals: {
    moves: [{ signal: 'ready-replicas', to: 'down' }],
    still: ['prompt-tokens', 'ready-nodes', 'schedulable-nodes'],
  },
  blast: 'workload',
  ends: { by: 'controller', how: 'the recorded image or probe is put back, and the old ReplicaSet takes over again' },
  draw: 'band',
  params,

  plan: ({ params: { what, tag }, target }) =>
    planRollout(target, (workload) => {
      const { name, container, image, readinessProbe } = workload
      if (what === 'image') return { ok: true, before: { image }, after: { image: withTag(image, tag) } }
      const probe = neverReady(workload)
      if (probe === null) return refuse(`expected a port of ${container} in Deployment ${name}, found none to ask at`)
      return { ok: true, before: { readinessProbe }, after: { readinessProbe: probe } }
    }),

  async inject({ plan: { change }, kube }) {
    await kube.changeWorkload(change)
  },

  async verify({ plan, kube }) {
    const pods = newPods(await kube.servingPods(), plan)
    const stuck = pods.filter(plan.change.after.image === undefined ? neverComes : isNotPulled)
    const reason = `${stuck.length} of ${pods.length} new pods cannot become ready`
    return { bit: stuck.length > 0, reason, facts: { pods: seen(pods) } }
  },

  async heal({ plan: { change }, kube }) {
    await kube.restoreWorkload(change)
  },
})

// --- Internal helpers ---

const isNotPulled = ({ reason }: ServingPod): boolean => reason === 'ErrImagePull' || reason === 'ImagePullBackOff'

/** Past its cold start, and still asked in vain. */
const neverComes = ({ ready, started }: ServingPod): boolean => !ready && started === true
