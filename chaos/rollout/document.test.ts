import { describe, expect, test } from 'vitest'
import { unrest } from './at-rest.ts'
import { isRolledOut, takenAtOnce, WorkloadDocument } from './document.ts'
import { withTag } from './image.ts'
import { chooseBlocks } from './kv-blocks.ts'
import { annotatePods, workloadPatch } from './patch.ts'
import { impatient, neverReady } from './probes.ts'
import { servingContainer } from '../../lib/core/serving-container.ts'
import { SNAPSHOT } from '../faults/testing/examples.ts'

const vllm = { name: 'vllm', image: 'v:1', args: ['--a'], resources: { limits: { 'nvidia.com/gpu': '1' } } }

const document = (spec: object = {}, metadata: object = {}, containers: object[] = [vllm]): WorkloadDocument =>
  WorkloadDocument.parse({
    metadata: { name: 'vllm', uid: 'u', resourceVersion: '7', generation: 4, ...metadata },
    spec: { replicas: 3, template: { metadata: { labels: { app: 'vllm' } }, spec: { containers } }, ...spec },
    status: { observedGeneration: 4, replicas: 3, updatedReplicas: 3 },
  })

describe('how many pods a change takes at a time', () => {
  test.each([
    [{ maxUnavailable: 1, maxSurge: 0 }, 3, 1],
    [{ maxUnavailable: '25%', maxSurge: '25%' }, 3, 0],
    [{ maxUnavailable: '25%', maxSurge: '25%' }, 8, 2],
    [{ maxUnavailable: 0, maxSurge: 0 }, 3, 1],
    [{ maxUnavailable: '10%', maxSurge: 0 }, 3, 1],
    [{ maxUnavailable: 5, maxSurge: 0 }, 3, 3],
    [undefined, 4, 1],
  ])('%j of %i replicas: %i', (rollingUpdate, replicas, expected) => {
    const strategy = { type: 'RollingUpdate', rollingUpdate }
    expect(takenAtOnce('Deployment', document({ replicas, strategy }))).toBe(expected)
  })

  test('all with Recreate, one of a StatefulSet, none with OnDelete', () => {
    expect(takenAtOnce('Deployment', document({ strategy: { type: 'Recreate' } }))).toBe(3)
    expect(takenAtOnce('StatefulSet', document())).toBe(1)
    expect(takenAtOnce('StatefulSet', document({ updateStrategy: { type: 'OnDelete' } }))).toBeNull()
  })
})

describe('a workload that cannot be changed and put back', () => {
  const found = (spec: object, metadata: object = {}) => unrest(document(spec, metadata))

  test('says why', () => {
    expect(unrest(document())).toBeNull()
    expect(found({ paused: true })).toMatch('paused')
    expect(found({}, { generation: 5 })).toMatch('rollout of it is under way')
    expect(found({ replicas: 4 })).toMatch('rollout of it is under way')
    expect(found({}, { deletionTimestamp: '2026-01-01T00:00:00Z' })).toMatch('deleted')
    expect(found({}, { labels: { 'firedrill.dev/fault': 'f-9' } })).toMatch('the fault f-9')
    const ownerReferences = [{ kind: 'InferenceService', name: 'llama', controller: true }]
    expect(found({}, { ownerReferences })).toMatch('InferenceService llama')
    const labels = { 'kustomize.toolkit.fluxcd.io/name': 'apps' }
    expect(found({}, { labels })).toMatch('Flux Kustomization apps')
    const annotations = { 'kustomize.toolkit.fluxcd.io/reconcile': 'disabled' }
    expect(found({}, { labels, annotations })).toBeNull()
  })

  test('a rollout is over with the last old pod, and not while the newest change is unseen', () => {
    const parsed = document()
    expect(isRolledOut(parsed)).toBe(true)
    expect(isRolledOut({ ...parsed, status: { ...parsed.status, updatedReplicas: 2 } })).toBe(false)
    expect(isRolledOut({ ...parsed, status: { ...parsed.status, replicas: 4 } })).toBe(false)
  })
})

test('the serving container is told apart by the default, a GPU, or being alone', () => {
  const proxy = { name: 'proxy' }
  expect(servingContainer(document({}, {}, [proxy, vllm]).spec.template)?.name).toBe('vllm')
  expect(servingContainer(document({}, {}, [proxy]).spec.template)?.name).toBe('proxy')
  expect(servingContainer(document({}, {}, [proxy, { name: 'b' }]).spec.template)).toBeNull()
  const annotations = { 'kubectl.kubernetes.io/default-container': 'proxy' }
  const template = { metadata: { annotations }, spec: { containers: [proxy, vllm] } }
  expect(servingContainer(document({ template }).spec.template)?.name).toBe('proxy')
})

describe('a patch', () => {
  const base = { op: 'replace', path: '/metadata/resourceVersion', value: '7' }
  const container = '/spec/template/spec/containers/1'
  const two = document({}, {}, [{ name: 'proxy' }, vllm])

  test('has only what changes, in the container of that name, with the mark', () => {
    const fields = { args: ['--b'], startupProbe: null }
    expect(workloadPatch(two, { container: 'vllm' }, { fields, mark: 'f-1' })).toEqual([
      base,
      { op: 'add', path: '/metadata/labels', value: { 'firedrill.dev/fault': 'f-1' } },
      { op: 'add', path: `${container}/args`, value: ['--b'] },
    ])
    const marked = document({}, { labels: { 'firedrill.dev/fault': 'f-1' } }, [{ name: 'proxy' }, vllm])
    expect(workloadPatch(marked, { container: 'vllm' }, { fields: { args: null, replicas: 2 }, mark: null })).toEqual([
      base,
      { op: 'remove', path: '/metadata/labels/firedrill.dev~1fault' },
      { op: 'add', path: '/spec/replicas', value: 2 },
      { op: 'remove', path: `${container}/args` },
    ])
  })

  test('leaves a template alone that has no such container', () => {
    expect(workloadPatch(two, { container: 'gone' }, { fields: { args: ['--b'] } })).toEqual([base])
  })

  test('annotates pods whose template has annotations, has none, and has no metadata', () => {
    const [path, name] = ['/spec/template/metadata', 'a/b']
    const withMetadata = (metadata: object | null) => document({ template: { metadata, spec: { containers: [vllm] } } })
    const last = (metadata: object | null) => annotatePods(withMetadata(metadata), name, 'x').at(-1)
    expect(last({ annotations: { c: 'd' } })).toEqual({ op: 'add', path: `${path}/annotations/a~1b`, value: 'x' })
    expect(last({ labels: {} })).toEqual({ op: 'add', path: `${path}/annotations`, value: { [name]: 'x' } })
    expect(last(null)).toEqual({ op: 'add', path, value: { annotations: { [name]: 'x' } } })
  })
})

describe('what is rolled out', () => {
  const { workload, 'kv-cache': cache } = SNAPSHOT.can
  if (workload?.ok !== true || cache?.ok !== true) throw new Error('the examples have both')

  test('another tag of the same image, whatever names it', () => {
    expect(withTag('vllm/vllm-openai', 'x')).toBe('vllm/vllm-openai:x')
    expect(withTag('registry:5000/vllm:v1@sha256:abc', 'x')).toBe('registry:5000/vllm:x')
    expect(withTag('registry:5000/vllm', 'x')).toBe('registry:5000/vllm:x')
  })

  test('a share of the blocks, but room for the longest request, and never more than today', () => {
    const choose = (asked: { blocks?: number; share: number }, change: object = {}) =>
      chooseBlocks(asked, { ...cache, ...change }, workload)
    expect(choose({ share: 0.1 })).toEqual({ ok: true, blocks: 2_859, before: 28_581 })
    expect(choose({ share: 0.01 })).toMatchObject({ blocks: 1_025 })
    // From --max-model-len, where the metric does not tell.
    expect(choose({ share: 0.01 }, { maxModelLen: null })).toMatchObject({ blocks: 1_025 })
    expect(choose({ share: 0.1, blocks: 1_024 })).toMatchObject({ ok: false, reason: expect.stringMatching('1025') })
    expect(choose({ share: 0.1, blocks: 28_581 })).toMatchObject({ ok: false })
    expect(chooseBlocks({ share: 0.1 }, { ok: false, reason: 'expected a, found b' }, workload)).toMatchObject({
      ok: false,
    })
    expect(chooseBlocks({ share: 0.1, blocks: 9 }, undefined, workload)).toMatchObject({ blocks: 9, before: null })
  })

  test('a probe without patience, and one that never passes', () => {
    expect(
      impatient({ ...workload, startupProbe: { exec: {}, initialDelaySeconds: 9, periodSeconds: 10 } }, 4),
    ).toEqual({
      exec: {},
      periodSeconds: 1,
      timeoutSeconds: 1,
      successThreshold: 1,
      failureThreshold: 4,
    })
    const none = { ...workload, startupProbe: null, readinessProbe: null, livenessProbe: null }
    expect(impatient(none, 4)).toBeNull()
    expect(neverReady(workload)).toMatchObject({ httpGet: { path: '/firedrill-never-ready', port: 'http' } })
    expect(neverReady({ ...workload, readinessProbe: { exec: {}, periodSeconds: 3 } })).toEqual({
      httpGet: { path: '/firedrill-never-ready', port: 8_000, scheme: 'HTTP' },
      periodSeconds: 3,
    })
    expect(neverReady({ ...none, ports: [] })).toBeNull()
  })
})
