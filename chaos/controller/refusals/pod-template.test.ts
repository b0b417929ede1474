import { expect, test } from 'vitest'
import { podOf } from './pod-template.ts'

const containers = [{ name: 'vllm', volumeMounts: [{ name: 'models', mountPath: '/models' }] }]
const written = (kind: string, volumes?: object[], claims?: string[]) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'llm', uid: 'u' },
  spec: {
    template: { metadata: { labels: { app: 'vllm' } }, spec: { containers, ...(volumes && { volumes }) } },
    ...(claims && { volumeClaimTemplates: claims.map((name) => ({ metadata: { name }, spec: {} })) }),
  },
})
const claim = { name: 'models', persistentVolumeClaim: { claimName: 'models-llm-0' } }

test('the pod of a StatefulSet has a volume for each of its claims, in place of one of that name', () => {
  const scratch = { name: 'scratch', emptyDir: {} }
  const own = { name: 'models', emptyDir: {} }
  const spec = (volumes?: object[]) => podOf(written('StatefulSet', volumes, ['models']))?.manifest['spec']
  expect(spec()).toEqual({ containers, volumes: [claim] })
  expect(spec([scratch, own])).toEqual({ containers, volumes: [claim, scratch] })
})

test('without claims the template is the pod, with an owner of the kind that keeps it', () => {
  expect(podOf(written('StatefulSet'))).toMatchObject({ additional: false, manifest: { spec: { containers } } })
  expect(podOf(written('Deployment'))?.manifest).toEqual({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: 'llm-',
      labels: { app: 'vllm' },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'llm', uid: 'u', controller: true }],
    },
    spec: { containers },
  })
  expect(podOf(written('Job'))?.additional).toBe(true)
  expect(podOf(written('ConfigMap'))).toBeNull()
})
