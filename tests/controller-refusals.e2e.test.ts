import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clusterTarget } from '../chaos/controller/cluster-target.ts'
import { faultKube } from '../chaos/controller/fault-kube.ts'
import { haltNamespace, haltOf, releaseNamespace } from '../chaos/controller/halt.ts'
import { installCrd } from '../chaos/controller/install.ts'
import { askToEnd } from '../chaos/controller/ending.ts'
import { CONTROLLER_NEEDS, needsOf, needsOfAsking } from '../chaos/controller/needs.ts'
import { faults } from '../chaos/faults/registry.gen.ts'
import { systemClock } from '../lib/core/clock.ts'
import { seededRandom } from '../lib/core/random.ts'
import { until } from '../lib/core/until.ts'
import { apply } from '../lib/kube/apply.ts'
import type { Kube } from '../lib/kube/client.ts'
import { apiReason } from '../lib/kube/errors.ts'
import { tryPod } from '../lib/kube/try-pod.ts'
import { limitedKube } from './support/account.ts'
import { type ControlPlane, startControlPlane } from './support/control-plane.ts'
import { type Drill, startDrill } from './support/drill.ts'
import { faultOf, readFlags, readyPods, workloadNow } from './support/target.ts'
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
/** One pod beside the others, and no serving pod away. */
const small = { kind: 'telemetry-only', durationSeconds: 1 }
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
    workload: await workloadNow(plane.kube, namespace),
  })
  const before = await seen()
  const { status } = await drill.reached(await drill.create(faultOf(namespace, name, spec)), 'Failed')
  expect(status?.error).toMatch(why)
  expect(status?.plan).toBeUndefined()
  expect(status?.injected).toBeUndefined()
  expect(await seen()).toEqual(before)
}

const quota = async (namespace: string, hard: Record<string, string>, scopes?: string[]): Promise<void> => {
  const { core } = plane.kube
  await core.createNamespacedResourceQuota({
    namespace,
    body: { metadata: { name: 'full' }, spec: { hard, ...(scopes && { scopes }) } },
  })
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
    await refused(
      second,
      'pods',
      hog,
      /^expected the quota to leave room .*found: pods .*exceeded quota: full, .*pods=3/,
    )
    // What is taken away makes room for what replaces it.
    const kill = await second.create(faultOf(second.namespace, 'kill', { kind: 'pod-kill', durationSeconds: 1 }))
    await second.reached(kill, 'Recovered')
    await plane.kube.core.deleteNamespacedResourceQuota({ namespace: second.namespace, name: 'full' })
    await quota(second.namespace, { pods: '2' })
    await refused(second, 'short', { kind: 'pod-kill' }, /room for replacements of pods, found pods 3 of 2 used/)
  })

  test('by a quota of what pods take, by its scopes, and by two pods together where one would fit', async () => {
    await using drill = await startDrill(plane.kube, 'quota-compute')
    await drill.controller()
    const { namespace } = drill
    await quota(namespace, { 'requests.cpu': '1', 'limits.cpu': '1' })
    const unsaid = /^expected the quota not to ask for .*failed quota: full: must specify .* co-tenant/
    await refused(drill, 'unsaid', hog, unsaid)
    // The rollout's pods would not come either; what is only taken away is not tried.
    await refused(drill, 'unsaid-rollout', { kind: 'crash-loop' }, /failed quota: full: must specify .* vllm/)
    await limitRange(namespace, { type: 'Container', default: { cpu: '2' } })
    await untilAdmitted(namespace, /exceeded quota/)
    await refused(
      drill,
      'too-much',
      hog,
      /^expected the quota to leave room .*exceeded quota: full, requested: limits.cpu=2/,
    )
    await removeQuota(namespace)
    await quota(namespace, { pods: '0' }, ['BestEffort'])
    await plane.kube.core.deleteNamespacedLimitRange({ namespace, name: 'range' })
    await untilAdmitted(namespace, /exceeded quota/)
    await refused(drill, 'scoped', hog, /^expected the quota to leave room .*exceeded quota: full/)
    await removeQuota(namespace)
    await quota(namespace, { pods: '0' }, ['NotBestEffort'])
    await drill.reached(await drill.create(faultOf(namespace, 'other', small)), 'Recovered')
    await removeQuota(namespace)
    await quota(namespace, { pods: '4' })
    const two = { kind: 'gpu-throttle', params: { watts: 300, count: 2 } }
    await refused(drill, 'two', two, /^expected ResourceQuota full .* room for 2 more, found pods 3 of 4 used/)
  })

  test('by what guards pods: Pod Security, a LimitRange, a webhook, a ServiceAccount that is gone', async () => {
    await using drill = await startDrill(plane.kube, 'pods')
    await drill.controller()
    const { namespace } = drill
    const rollout = { kind: 'crash-loop' }
    await enforce(namespace, 'restricted')
    await refused(
      drill,
      'security',
      hog,
      /^expected Pod Security .*violates PodSecurity "restricted:latest".*co-tenant/,
    )
    await refused(
      drill,
      'security-2',
      rollout,
      /^expected Pod Security .*violates PodSecurity "restricted:latest".*vllm/,
    )
    await enforce(namespace, 'privileged')
    await limitRange(namespace, { type: 'Pod', max: { memory: '1Gi' } })
    await untilAdmitted(namespace, /maximum memory/)
    await refused(drill, 'range', hog, /^expected the LimitRange .*maximum memory usage per Pod is 1Gi/)
    await plane.kube.core.deleteNamespacedLimitRange({ namespace, name: 'range' })
    await untilAdmitted(namespace, null)
    {
      await using _webhook = await refusingWebhook(plane.kube, namespace, 'pods')
      const denied = /^expected admission webhooks to let .*"refuse.example.com" denied the request: not on my GPUs/
      await refused(drill, 'webhook', hog, denied)
      await refused(drill, 'webhook-2', rollout, denied)
    }
    await untilAdmitted(namespace, null)
    await startAs(drill, 'engine')
    await plane.kube.core.deleteNamespacedServiceAccount({ namespace, name: 'engine' })
    await refused(drill, 'account', rollout, /^expected the ServiceAccount .*serviceaccount "engine" not found/)
    await drill.reached(await drill.create(faultOf(namespace, 'small', small)), 'Recovered')
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

  test('by a fault in force that has taken replicas away, and whose pods are missing with the others', async () => {
    await using drill = await startDrill(plane.kube, 'scaled')
    await drill.controller()
    const { namespace } = drill
    const scale = { kind: 'scale-down', durationSeconds: 120 }
    const fault = await drill.create(faultOf(namespace, 'scale', scale))
    await drill.reached(fault, 'Active')
    await until(async () => (await readyPods(plane.kube, namespace)).length === 2, { what: 'two', timeoutMs: 10_000 })
    const already = /^expected at most 1 serving pods unavailable, found 1 of 3 unavailable already and 1 planned/
    await refused(drill, 'kill', { kind: 'pod-kill' }, already)
    const both = { kind: 'pod-kill', durationSeconds: 1, maxUnavailable: 2 }
    await drill.reached(await drill.create(faultOf(namespace, 'both', both)), 'Recovered')
    await askToEnd(plane.kube, fault, systemClock)
    await drill.reached(fault, 'Recovered')
    await drill.allReady()
    const alone = { kind: 'pod-kill', durationSeconds: 1 }
    await drill.reached(await drill.create(faultOf(namespace, 'alone', alone)), 'Recovered')
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

test('an injection whose pod is not let in after all leaves nothing', async () => {
  await using drill = await startDrill(plane.kube, 'later')
  const { kube } = plane
  const { namespace } = drill
  const before = await everything(kube, namespace)
  const { fault, definition, planned } = await planOf(drill, hog)
  await quota(namespace, { pods: '3' })
  const hand = { kube: faultKube(kube, fault), observe: nothing, clock: systemClock, plan: planned.plan }
  const injecting = definition.inject({ ...hand, injectedAt: Date.now(), signal: AbortSignal.timeout(2_000) })
  await expect(injecting).rejects.toThrow()
  expect((await kube.batch.listNamespacedJob({ namespace })).items).toHaveLength(1)
  await definition.heal({ ...hand, injectedAt: Date.now(), signal: AbortSignal.timeout(20_000) })
  expect(await everything(kube, namespace)).toEqual(before)
})

test('a Role for one means is enough where the target has it, and lacks what another would take', async () => {
  await using drill = await startDrill(plane.kube, 'means')
  const { namespace } = drill
  const delay = { kind: 'net-delay', durationSeconds: 1 }
  const definition = faults[delay.kind] ?? expect.fail(delay.kind)
  const has = (name: string): boolean => name === 'upstream-faults'
  const needs = [...needsOf(definition, has), ...needsOfAsking([definition], { has })]
  expect(needs.filter((need) => /networkchaos|pods:patch/.test(need))).toEqual([])
  const controller = await drill.controller({ kube: await limitedKube(plane, { namespace, name: 'gateway', needs }) })
  await drill.reached(await drill.create(faultOf(namespace, 'delay', delay)), 'Recovered')
  await controller.stop()
  const without = { namespace, name: 'less', needs: needs.filter((need) => need !== 'configmaps:update') }
  await drill.controller({ kube: await limitedKube(plane, without), holder: 'test/2/1' })
  await refused(drill, 'less', delay, /^expected the right to configmaps:update in means,/)
})

test('a rehearsal changes nothing', async () => {
  await using drill = await startDrill(plane.kube, 'rehearsal')
  const { kube } = plane
  const { namespace } = drill
  const before = await everything(kube, namespace)
  for (const spec of [hog, flip, { kind: 'pod-kill' }, { kind: 'crash-loop' }]) {
    const { target, fault, definition, planned } = await planOf(drill, spec)
    await target.rehearse(fault, definition, planned)
  }
  expect(await everything(kube, namespace)).toEqual(before)
})

// --- Internal helpers ---

const nothing = { query: async () => [] }

/** As the controller does it, on a Fault that no controller looks at. */
const planOf = async ({ namespace, create }: Drill, spec: Parameters<typeof faultOf>[2]) => {
  const target = clusterTarget({ kube: plane.kube, observe: nothing, clock: systemClock })
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

/** Waits until the API server refuses pods for this reason, or lets them in. */
const untilAdmitted = async (namespace: string, refusal: RegExp | null): Promise<void> => {
  const manifest = { metadata: { name: 'probe' }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  const answers = (): Promise<boolean> =>
    tryPod(plane.kube, namespace, manifest).then(
      () => refusal === null,
      (error: unknown) => refusal?.test(apiReason(error)) ?? false,
    )
  await until(answers, { what: `pods: ${refusal}`, timeoutMs: 30_000 })
}

const limitRange = async (namespace: string, limits: { type: string; default?: object; max?: object }) => {
  const metadata = { namespace, name: 'range' }
  await apply(plane.kube, { apiVersion: 'v1', kind: 'LimitRange', metadata, spec: { limits: [limits] } })
}

const removeQuota = async (namespace: string): Promise<void> => {
  await plane.kube.core.deleteNamespacedResourceQuota({ namespace, name: 'full' })
  await untilAdmitted(namespace, null)
}

const enforce = (namespace: string, level: string) =>
  plane.kube.core.patchNamespace({
    name: namespace,
    body: [{ op: 'add', path: '/metadata/labels/pod-security.kubernetes.io~1enforce', value: level }],
  })

/** The serving pods anew, as this account. */
const startAs = async ({ namespace, allReady }: Drill, name: string): Promise<void> => {
  await plane.kube.core.createNamespacedServiceAccount({ namespace, body: { metadata: { name } } })
  const body = [{ op: 'add', path: '/spec/template/spec/serviceAccountName', value: name }]
  await plane.kube.apps.patchNamespacedDeployment({ namespace, name: 'vllm', body })
  await allReady()
}

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
