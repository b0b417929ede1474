import { expect, test } from 'vitest'
import type { ActContext, FaultKube } from '../../lib/core/fault.ts'
import type { PodMetadata } from '../../lib/core/fault-kube/pod-metadata.ts'
import { systemClock } from '../../lib/core/clock.ts'
import { impair, meansOf, mend, type NetworkPlan } from './means.ts'
import { victimLabel } from './network-chaos.ts'

const wanted = {
  id: 'f-1',
  namespace: 'llm',
  victim: { name: 'vllm-0', uid: 'uid-1', node: 'gpu-1' },
  effect: { kind: 'delay' as const, ms: 100, jitterMs: 0 },
  durationMs: 30_000,
}
const means = meansOf({ 'network-chaos': { ok: true } }, wanted)
const plan: NetworkPlan = { ...wanted, means: typeof means === 'string' ? expect.fail(means) : means }

/** A StatefulSet's pod of that name, with whatever UID it has by now. */
const world = (uid: string) => {
  const pod: PodMetadata = { labels: {}, annotations: {} }
  const objects = new Map<string, { labels: Record<string, string> }>()
  const kube: Partial<FaultKube> = {
    changePod: async (asked, change) => {
      const wish = asked.uid === uid ? change(structuredClone(pod)) : null
      for (const [name, value] of Object.entries(wish?.labels ?? {})) {
        if (value === null) delete pod.labels[name]
        else pod.labels[name] = value
      }
    },
    // With the labels that Chaos Mesh would find as it comes.
    createObject: async (_, { metadata }) => void objects.set(metadata.name, structuredClone(pod)),
    readObject: async (_, name) => objects.get(name) ?? null,
    deleteObject: async (_, name) => void objects.delete(name),
  }
  const context: ActContext<NetworkPlan> = {
    plan,
    kube: kube as FaultKube,
    observe: { query: async () => [] },
    injectedAt: 0,
    clock: systemClock,
    signal: new AbortController().signal,
  }
  return { context, pod, objects }
}

test('Chaos Mesh selects the victim by a label with its UID, which is there first and goes last', async () => {
  const labels = { [victimLabel('f-1')]: 'uid-1' }
  expect(plan.means).toMatchObject({ object: { spec: { target: { selector: { labelSelectors: labels } } } } })
  const { context, pod, objects } = world('uid-1')
  await impair(context)
  await impair(context)
  expect(objects.get('f-1')?.labels).toEqual(labels)
  await mend(context)
  await mend(context)
  expect([pod.labels, objects.size]).toEqual([{}, 0])
})

test('another pod of the name is left alone', async () => {
  const { context, pod, objects } = world('uid-2')
  await expect(impair(context)).rejects.toThrow(/expected pod vllm-0 with uid uid-1, found/)
  await mend(context)
  expect([pod.labels, objects.size]).toEqual([{}, 0])
})
