import { expect, test } from 'vitest'
import type { V1Container, V1Pod } from '../../kube/pod-types.ts'
import { ContainerProblem, containerEnv } from './env.ts'

const pod: V1Pod = {
  metadata: {
    name: 'p',
    namespace: 'ns',
    uid: 'u',
    labels: { 'app.kubernetes.io/name': 'x' },
    annotations: { a: 'b' },
  },
  spec: { nodeName: 'gpu-0', serviceAccountName: 'sa', containers: [] },
}
const configMaps: Record<string, Record<string, string>> = { conf: { colour: 'red', 'log-level': 'info' } }
const secrets: Record<string, Record<string, string>> = { token: { value: 'czNjcmV0' } }

const envOf = (container: Partial<V1Container>, base: Record<string, string> = {}) =>
  containerEnv({
    pod,
    container: { name: 'c', ...container },
    addresses: { podIP: '127.1.0.5', hostIP: '127.1.255.1' },
    capacity: { memory: '32Gi' },
    configMap: (name) => (configMaps[name] ? { data: configMaps[name] } : null),
    secret: (name) => (secrets[name] ? { data: secrets[name] } : null),
    base,
    rewrite: (text) => text.replace('/mnt', '/real'),
  })
const field = (fieldPath: string) => ({ fieldRef: { fieldPath } })

test('every field that Kubernetes offers', () => {
  const env = [
    ['NAME', 'metadata.name', 'p'],
    ['NAMESPACE', 'metadata.namespace', 'ns'],
    ['UID', 'metadata.uid', 'u'],
    ['LABEL', "metadata.labels['app.kubernetes.io/name']", 'x'],
    ['NO_LABEL', "metadata.labels['none']", ''],
    ['ANNOTATION', "metadata.annotations['a']", 'b'],
    ['NODE', 'spec.nodeName', 'gpu-0'],
    ['ACCOUNT', 'spec.serviceAccountName', 'sa'],
    ['POD_IP', 'status.podIP', '127.1.0.5'],
    ['HOST_IP', 'status.hostIP', '127.1.255.1'],
  ] as const
  expect(envOf({ env: env.map(([name, path]) => ({ name, valueFrom: field(path) })) })).toEqual(
    Object.fromEntries(env.map(([name, , value]) => [name, value])),
  )
})

test('envFrom comes first, later entries win, and each sees those before it', () => {
  const env = envOf(
    {
      envFrom: [{ configMapRef: { name: 'conf' } }, { prefix: 'S_', secretRef: { name: 'token' } }],
      env: [
        { name: 'colour', value: 'dark $(colour)' },
        { name: 'URL', value: 'http://$(HOST):$(PORT)/mnt' },
        { name: 'HOST', value: 'later' },
        { name: 'NONE', value: '$(constructor)' },
      ],
    },
    { PORT: '80' },
  )
  expect(env).toEqual({
    PORT: '80',
    colour: 'dark red',
    'log-level': 'info',
    S_value: 's3cret',
    URL: 'http://$(HOST):80/real',
    HOST: 'later',
    NONE: '$(constructor)',
  })
})

test('an optional reference to nothing sets nothing', () => {
  expect(
    envOf({
      envFrom: [{ configMapRef: { name: 'none', optional: true } }],
      env: [
        { name: 'A', valueFrom: { secretKeyRef: { name: 'none', key: 'x', optional: true } } },
        { name: 'B', valueFrom: { configMapKeyRef: { name: 'conf', key: 'none', optional: true } } },
      ],
    }),
  ).toEqual({})
})

test.each([
  [{ envFrom: [{ configMapRef: { name: 'none' } }] }, 'configmap "none" not found'],
  [{ envFrom: [{ secretRef: { name: 'none' } }] }, 'secret "none" not found'],
  [
    { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'conf', key: 'none' } } }] },
    "couldn't find key none in ConfigMap ns/conf",
  ],
  [{ env: [{ name: 'A', valueFrom: field('spec.subdomain') }] }, 'unsupported fieldPath: spec.subdomain'],
])('a missing reference is CreateContainerConfigError: %#', (container, message) => {
  expect(() => envOf(container)).toThrow(new ContainerProblem('CreateContainerConfigError', message))
})
