import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clusterTarget } from '../chaos/controller/cluster-target.ts'
import { haltNamespace, haltOf, releaseNamespace } from '../chaos/controller/halt.ts'
import { installCrd } from '../chaos/controller/install.ts'
import { CONTROLLER_NEEDS } from '../chaos/controller/needs.ts'
import { faults } from '../chaos/faults/registry.gen.ts'
import { systemClock } from '../lib/core/clock.ts'
import { seededRandom } from '../lib/core/random.ts'
import { until } from '../lib/core/until.ts'
import type { Kube } from '../lib/kube/client.ts'
import { limitedKube } from './support/account.ts'
import { type ControlPlane, startControlPlane } from './support/control-plane.ts'
import { type Drill, startDrill } from './support/drill.ts'
import { faultOf, readFlags, readyPods } from './support/target.ts'
import { refusingWebhook } from './support/webhook.ts'

let plane: ControlPlane

beforeAll(async () => {
  plane = await startControlPlane()
  await installCrd(plane.kube)
})

afterAll(async () => {
  await plane?.stop()
})

const hog = { kind: 'gpu-memory-pressure', params: { restartVictim: true }, durationSeconds: 60 }
const flip = {
  kind: 'feature-flag',
  params: { flag: 'prompt-template', variant: 'long' },
  durationSeconds: 60,
}

/** The Fault ends as refused, for this reason; no plan was written and nothing of the target is other than it was. */
const refused = async (drill: Drill, name: string, spec: Parameters<typeof faultOf>[2], why: RegExp): Promise<void> => {
  const { namespace } = drill
  const seen = async () => ({
    pods: await readyPods(plane.kube, namespace),
    flags: await readFlags(plane.kube, namespace),
    jobs: (await plane.kube.batch.listNamespacedJob({ namespace })).items.length,
  })
  const before = await seen()
  const { status } = await drill.reached(await drill.create(faultOf(namespace, name, spec)), 'Failed')
  expect(status?.error).toMatch(why)
  expect(status?.plan).toBeUndefined()
  expect(status?.injected).toBeUndefined()
  expect(await seen()).toEqual(before)
}

const quota = async (namespace: string, hard: Record<string, string>): Promise<void> => {
  const { core } = plane.kube
  await core.createNamespacedResourceQuota({ namespace, body: { metadata: { name: 'full' }, spec: { hard } } })
  const counted = async (): Promise<boolean> => {
    const { status } = await core.readNamespacedResourceQuota({ namespace, name: 'full' })
    return Object.keys(hard).every((resource) => status?.used?.[resource] !== undefined)
  }
  await until(counted, { what: 'the quota to be counted', timeoutMs: 20_000 })
}

describe('refused when it is planned, and nothing touched', () => {
  test('by a quota: of Jobs, of pods for a Job, of pods for a replacement', async () => {
    await using drill = await startDrill(plane.kube, 'quota-jobs')
    await drill.controller()
    await quota(drill.namespace, { 'count/jobs.batch': '0' })
    await refused(drill, 'jobs', hog, /^expected the quota to leave room .*exceeded quota: full/)
    await using second = await startDrill(plane.kube, 'quota-pods')
    await second.controller({ holder: 'test/2/1' })
    await quota(second.namespace, { pods: '3' })
    await refused(second, 'pods', hog, /expected ResourceQuota full .* room for 1 more, found pods 3 of 3 used/)
    // What is taken away makes room for what replaces it.
    const kill = await second.create(faultOf(second.namespace, 'kill', { kind: 'pod-kill', durationSeconds: 1 }))
    await second.reached(kill, 'Recovered')
    await plane.kube.core.deleteNamespacedResourceQuota({ namespace: second.namespace, name: 'full' })
    await quota(second.namespace, { pods: '2' })
    await refused(second, 'short', { kind: 'pod-kill' }, /room for replacements of pods, found pods 3 of 2 used/)
  })

  test('by an admission policy, by a webhook, and by a webhook that does not answer', async () => {
    await using drill = await startDrill(plane.kube, 'admission')
    await drill.controller()
    await policy(drill.namespace)
    await refused(drill, 'policy', flip, /^expected admission policies .*no flags on Sundays.*; exempt/)
    await removePolicy()
    await using webhook = await refusingWebhook(plane.kube, drill.namespace)
    await refused(drill, 'webhook', hog, /^expected admission webhooks to let .*denied the request: not on my GPUs/)
    await webhook.hangUp()
    await refused(drill, 'broken', hog, /^expected admission webhooks that answer .*failed calling webhook/)
  })

  test('by a rollout that somebody has paused, unless the fault leaves the pods alone', async () => {
    await using drill = await startDrill(plane.kube, 'paused')
    await drill.controller()
    const vllm = { namespace: drill.namespace, name: 'vllm' }
    const found = await plane.kube.apps.readNamespacedDeployment(vllm)
    const { spec } = found
    if (spec === undefined) throw new Error('no spec')
    await plane.kube.apps.replaceNamespacedDeployment({ ...vllm, body: { ...found, spec: { ...spec, paused: true } } })
    await refused(drill, 'kill', { kind: 'pod-kill' }, /found Deployment vllm in paused paused; .*rollout resume/)
    await drill.reached(
      await drill.create(faultOf(drill.namespace, 'flip', { ...flip, durationSeconds: 1 })),
      'Recovered',
    )
  })

  test('by a halt, until it is released', async () => {
    await using drill = await startDrill(plane.kube, 'halted')
    await drill.controller()
    await haltNamespace(plane.kube, drill.namespace, 'since now: the pager went off')
    expect(await haltOf(plane.kube, drill.namespace)).toContain('pager')
    await refused(drill, 'kill', { kind: 'pod-kill' }, /halted since now: the pager went off; .*halt --release/)
    await releaseNamespace(plane.kube, drill.namespace)
    expect(await haltOf(plane.kube, drill.namespace)).toBeNull()
    const again = await drill.create(faultOf(drill.namespace, 'again', { kind: 'pod-kill', durationSeconds: 1 }))
    await drill.reached(again, 'Recovered')
  })

  test('by a Role without a verb, which it names', async () => {
    await using drill = await startDrill(plane.kube, 'rbac')
    const needs = [...CONTROLLER_NEEDS, ...Object.values(faults).flatMap((fault) => fault.needs)]
    const without = needs.filter((need) => need !== 'pods:delete' && need !== 'configmaps:list')
    const limited = { namespace: drill.namespace, name: 'limited', needs: without }
    await drill.controller({ kube: await limitedKube(plane, limited) })
    await refused(
      drill,
      'kill',
      { kind: 'pod-kill' },
      /^expected the right to pods:delete in rbac.*firedrill rbac --fault pod-kill/,
    )
    // Nobody may list ConfigMaps: the target is not known to have flags.
    await refused(drill, 'flip', flip, /^expected the right to configmaps:list in rbac, to look for/)
  })
})

test('a rehearsal changes nothing', async () => {
  await using drill = await startDrill(plane.kube, 'rehearsal')
  const { kube } = plane
  const { namespace } = drill
  const target = clusterTarget({ kube, observe: { query: async () => [] }, clock: systemClock })
  const before = await everything(kube, namespace)
  for (const spec of [hog, flip, { kind: 'pod-kill' }]) {
    const fault = await drill.create(faultOf(namespace, `try-${spec.kind}`, spec))
    const definition = faults[spec.kind]
    if (definition === undefined) throw new Error(spec.kind)
    const state = await target.serving(fault)
    const snapshot = await target.snapshot(fault, definition, state)
    const planned = definition.plan({
      params: definition.params.parse(fault.spec.params),
      target: snapshot,
      random: seededRandom(1),
      id: `id-${spec.kind}`,
      now: Date.now(),
      durationMs: 60_000,
    })
    if (!planned.ok) throw new Error(planned.reason)
    await target.rehearse(fault, definition, planned)
  }
  expect(await everything(kube, namespace)).toEqual(before)
})

// --- Internal helpers ---

const everything = async ({ core, batch, apps }: Kube, namespace: string) => {
  const versions = (items: { metadata?: { uid?: string; resourceVersion?: string } }[]) =>
    items.map(({ metadata }) => `${metadata?.uid}/${metadata?.resourceVersion}`).sort()
  return {
    pods: versions((await core.listNamespacedPod({ namespace })).items),
    configMaps: versions((await core.listNamespacedConfigMap({ namespace })).items),
    jobs: versions((await batch.listNamespacedJob({ namespace })).items),
    deployments: versions((await apps.listNamespacedDeployment({ namespace })).items),
  }
}

const POLICY = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: 'no-flags' } }

const policy = async (namespace: string): Promise<void> => {
  const labels = { matchLabels: { 'kubernetes.io/metadata.name': namespace } }
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['configmaps'] }
  const spec = {
    failurePolicy: 'Fail',
    matchConstraints: { resourceRules: [rule], namespaceSelector: labels },
    validations: [{ expression: 'false', message: 'no flags on Sundays' }],
  }
  const { objects, core } = plane.kube
  await objects.create({ ...POLICY, kind: 'ValidatingAdmissionPolicy', spec })
  const binding = { policyName: 'no-flags', validationActions: ['Deny'] }
  await objects.create({ ...POLICY, kind: 'ValidatingAdmissionPolicyBinding', spec: binding })
  const name = 'feature-flags'
  const refuses = async (): Promise<boolean> => {
    const body = await core.readNamespacedConfigMap({ namespace, name })
    return core.replaceNamespacedConfigMap({ namespace, name, body, dryRun: 'All' }).then(
      () => false,
      () => true,
    )
  }
  await until(refuses, { what: 'the policy to be in force', timeoutMs: 30_000 })
}

const removePolicy = async (): Promise<void> => {
  await plane.kube.objects.delete({ ...POLICY, kind: 'ValidatingAdmissionPolicyBinding' })
  await plane.kube.objects.delete({ ...POLICY, kind: 'ValidatingAdmissionPolicy' })
}
