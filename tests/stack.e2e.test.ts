import { afterAll, beforeAll, expect, test } from 'vitest'
import { UserError } from '../lib/core/errors.ts'
import { apply } from '../lib/kube/apply.ts'
import { deployStack, removeStack } from '../stack/deploy.ts'
import { PROFILES } from '../stack/profiles.ts'
import { renderStack } from '../stack/render.ts'
import { type ControlPlane, startControlPlane } from './support/control-plane.ts'

let plane: ControlPlane

beforeAll(async () => {
  plane = await startControlPlane()
})
afterAll(() => plane.stop())

const options = { profile: PROFILES.fast, rules: { 'a.yaml': 'groups: []\n' }, flags: '{"flags": {}}' }

test('the API server takes every manifest as it is, and again without a change', async () => {
  for (const embedded of [null, {}]) {
    const manifests = renderStack({ ...options, embedded })
    for (const manifest of manifests) await apply(plane.kube, manifest)
    const before = await versions()
    for (const manifest of manifests) await apply(plane.kube, manifest)
    // Controllers may still be at it: each new namespace gets a service account of its own.
    expect(await versions()).toMatchObject(before)
  }
})

test('a stack that does not become ready says which pods, and why', async () => {
  const { kube } = plane
  const deploying = deployStack({
    ...options,
    kube,
    embedded: {},
    timeoutMs: 2_000,
    signal: AbortSignal.timeout(60_000),
  })
  const error = await deploying.then(
    () => expect.fail('there is no node'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(UserError)
  expect(error).toMatchObject({ code: 'stack-not-ready' })
  expect(String(error)).toMatch(/Deployment llm\/vllm/)
  expect(String(error)).toMatch(/llm\/vllm-\w+-\w+: Pending/)
  expect(String(error)).toMatch(/DaemonSet gpu-operator\/dcgm-exporter/)
})

test('an interrupted deployment stops waiting at once', async () => {
  const stop = new AbortController()
  const started = Date.now()
  const deploying = deployStack({ ...options, kube: plane.kube, embedded: {}, signal: stop.signal })
  setTimeout(() => stop.abort(new Error('interrupted')), 1_000)
  await expect(deploying).rejects.toThrow('interrupted')
  expect(Date.now() - started).toBeLessThan(10_000)
})

test('removing leaves the namespaces and nothing of ours in them', async () => {
  const { kube } = plane
  await removeStack({ ...options, kube, embedded: {} })
  const { items } = await kube.core.listNamespacedConfigMap({ namespace: 'monitoring' })
  expect(items.filter(({ metadata }) => metadata?.name !== 'kube-root-ca.crt')).toEqual([])
  expect((await kube.core.readNamespace({ name: 'llm' })).status?.phase).toBe('Active')
  // A second time there is nothing to remove.
  await removeStack({ ...options, kube, embedded: {} })
})

/** Of every object of the stack that somebody could have changed. */
const versions = async (): Promise<Record<string, string>> => {
  const { core, apps } = plane.kube
  const namespaces = ['llm', 'monitoring', 'gpu-operator']
  const lists = await Promise.all(
    namespaces.flatMap((namespace) => [
      core.listNamespacedConfigMap({ namespace }),
      core.listNamespacedServiceAccount({ namespace }),
    ]),
  )
  const generations = await Promise.all(namespaces.map((namespace) => apps.listNamespacedDeployment({ namespace })))
  return Object.fromEntries([
    ...lists.flatMap(({ items }) => items).map(({ metadata }) => [metadata?.uid, metadata?.resourceVersion]),
    ...generations.flatMap(({ items }) => items).map(({ metadata }) => [metadata?.uid, String(metadata?.generation)]),
  ])
}
