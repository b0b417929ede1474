import { expect } from 'vitest'
import { clusterTarget } from '../../chaos/controller/cluster-target.ts'
import { faults } from '../../chaos/faults/registry.gen.ts'
import { systemClock } from '../../lib/core/clock.ts'
import { seededRandom } from '../../lib/core/random.ts'
import type { Kube } from '../../lib/kube/client.ts'
import type { Drill } from './drill.ts'
import { faultOf, readFlags, readyPods, workloadNow } from './target.ts'

type Spec = Parameters<typeof faultOf>[2]

export const hog = { kind: 'gpu-memory-pressure', params: { restartVictim: true }, durationSeconds: 60 }
/** One pod beside the others, and no serving pod away. */
export const small = { kind: 'telemetry-only', durationSeconds: 1 }
export const flip = {
  kind: 'feature-flag',
  params: { flag: 'prompt-template', variant: 'long' },
  durationSeconds: 60,
}

/** The Fault ends as refused, for this reason; no plan was written and nothing of the target is other than it was. */
export const refused = async (drill: Drill, name: string, spec: Spec, why: RegExp): Promise<void> => {
  const { kube, namespace } = drill
  const seen = async () => ({
    pods: await readyPods(kube, namespace),
    flags: await readFlags(kube, namespace),
    jobs: (await kube.batch.listNamespacedJob({ namespace })).items.length,
    workload: await workloadNow(kube, namespace),
  })
  const before = await seen()
  const { status } = await drill.reached(await drill.create(faultOf(namespace, name, spec)), 'Failed')
  expect(status?.error).toMatch(why)
  expect(status?.plan).toBeUndefined()
  expect(status?.injected).toBeUndefined()
  expect(await seen()).toEqual(before)
}

/** A Prometheus that knows of nothing. */
export const nothing = { query: async () => [] }

/** As the controller does it, on a Fault that no controller looks at. */
export const planOf = async ({ kube, namespace, create }: Drill, spec: Spec) => {
  const target = clusterTarget({ kube, observe: nothing, clock: systemClock })
  const fault = await create(faultOf(namespace, `try-${spec.kind}`, spec))
  const definition = faults[spec.kind]
  if (definition === undefined) throw new Error(spec.kind)
  const snapshot = await target.snapshot(fault, definition, await target.serving(fault))
  const params = definition.params.parse(fault.spec.params)
  const id = `id-${spec.kind}`
  const random = seededRandom(1)
  const planned = definition.plan({ params, target: snapshot, random, id, now: Date.now(), durationMs: 60_000 })
  if (!planned.ok) throw new Error(planned.reason)
  return { target, fault, definition, planned }
}

/** Who is there, and in which version. */
export const everything = async ({ core, batch, apps }: Kube, namespace: string) => {
  const versions = (items: { metadata?: { uid?: string; resourceVersion?: string } }[]) =>
    items.map(({ metadata }) => `${metadata?.uid}/${metadata?.resourceVersion}`).sort()
  return {
    pods: versions((await core.listNamespacedPod({ namespace })).items),
    configMaps: versions((await core.listNamespacedConfigMap({ namespace })).items),
    jobs: versions((await batch.listNamespacedJob({ namespace })).items),
    deployments: versions((await apps.listNamespacedDeployment({ namespace })).items),
  }
}
