import { describe, expect, test } from 'vitest'
import { faultKube } from '../chaos/controller/fault-kube.ts'
import { podOf } from '../chaos/controller/refusals/pod-template.ts'
import { systemClock } from '../lib/core/clock.ts'
import { until } from '../lib/core/until.ts'
import { apply } from '../lib/kube/apply.ts'
import { apiReason } from '../lib/kube/errors.ts'
import { tryPod } from '../lib/kube/try-pod.ts'
import type { ControlPlane } from './support/control-plane.ts'
import { sharePlane } from './support/shared-plane.ts'
import { type Drill, startDrill } from './support/drill.ts'
import { everything, hog, nothing, planOf, refused, small } from './support/refusals.ts'
import { createTarget, faultOf } from './support/target.ts'
import { refusingWebhook } from './support/webhook.ts'

let plane: ControlPlane

sharePlane((started) => {
  plane = started
})

describe('pods that would not be let in: refused when the fault is planned, and nothing touched', () => {
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
})

test('a StatefulSet’s pod is tried with the volumes of its claims', async () => {
  const namespace = 'claims'
  await createTarget(plane.kube, namespace)
  const labels = { app: 'claims' }
  const container = { name: 'c', image: 'i', volumeMounts: [{ name: 'models', mountPath: '/models' }] }
  const written: unknown = await plane.kube.custom.createNamespacedCustomObject({
    group: 'apps',
    version: 'v1',
    plural: 'statefulsets',
    namespace,
    body: {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'claims' },
      spec: {
        replicas: 0,
        serviceName: 'claims',
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
        volumeClaimTemplates: [
          {
            metadata: { name: 'models' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
          },
        ],
      },
    },
  })
  const { manifest } = podOf(written) ?? expect.fail('no pod')
  expect(await tryPod(plane.kube, manifest, { namespace })).toMatchObject({ metadata: { labels } })
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

// --- Internal helpers ---

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

/** Waits until the API server refuses pods for this reason, or lets them in. */
const untilAdmitted = async (namespace: string, refusal: RegExp | null): Promise<void> => {
  const manifest = { metadata: { name: 'probe' }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  const answers = (): Promise<boolean> =>
    tryPod(plane.kube, manifest, { namespace }).then(
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
