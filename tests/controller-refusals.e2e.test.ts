import { describe, expect, test } from 'vitest'
import { haltNamespace, haltOf, releaseNamespace } from '../chaos/controller/halt.ts'
import { askToEnd } from '../chaos/controller/ending.ts'
import { CONTROLLER_NEEDS, needsOf, needsOfAsking } from '../chaos/controller/needs.ts'
import { faults } from '../chaos/faults/registry.gen.ts'
import { systemClock } from '../lib/core/clock.ts'
import { until } from '../lib/core/until.ts'
import { limitedKube } from './support/account.ts'
import type { ControlPlane } from './support/control-plane.ts'
import { sharePlane } from './support/shared-plane.ts'
import { startDrill } from './support/drill.ts'
import { everything, flip, hog, planOf, refused } from './support/refusals.ts'
import { faultOf, readyPods } from './support/target.ts'
import { refusingWebhook } from './support/webhook.ts'

let plane: ControlPlane

sharePlane((started) => {
  plane = started
})

describe('refused when it is planned, and nothing touched', () => {
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
