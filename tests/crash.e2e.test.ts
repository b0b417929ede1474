import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../lib/kube/client.ts'
import { rawClient } from '../lib/kube/raw.ts'
import { describeRequest, isBoundary } from './crash/boundary.ts'
import { leftovers } from './crash/compare.ts'
import { counted, tooFew } from './crash/counts.ts'
import { type Lane, openLane } from './crash/lane.ts'
import { type Case, begin, forget, heal, startController, untilActive, untilClean } from './crash/life.ts'
import { killPoints } from './crash/points.ts'
import { type ProcessPool, startPool } from './crash/processes.ts'
import { newTally } from './crash/tally.ts'

const RUN = fileURLToPath(new URL('crash/run.ts', import.meta.url))

test('one fault at a few points: nothing is left, and the counts say so', async () => {
  const { stdout, exitCode } = await execa('node', [RUN, '--fault', 'feature-flag', '--points', '4', '--no-deaths'], {
    preferLocal: true,
    reject: false,
  })
  expect(stdout).toMatch(/feature-flag +\d+ (before|after) +\w+: (PUT|EXEC) \S+.* +healed by (controller|heal)/)
  expect(stdout).toMatch(/\n4 passed, 0 failed$/)
  expect(exitCode).toBe(0)
})

test('what a controller can be killed at', () => {
  const faults = '/apis/firedrill.dev/v1alpha1/namespaces/llm/faults/x'
  expect(isBoundary('PUT', `${faults}/status`)).toBe(true)
  expect(isBoundary('GET', faults)).toBe(false)
  expect(isBoundary('GET', '/api/v1/namespaces/llm/pods/a/exec?command=sh', true)).toBe(true)
  expect(isBoundary('PUT', '/apis/coordination.k8s.io/v1/namespaces/llm/leases/firedrill-controller')).toBe(false)
  expect(isBoundary('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews')).toBe(false)
  expect(isBoundary('DELETE', '/api/v1/namespaces/llm/pods/a?dryRun=All')).toBe(false)
  expect(describeRequest('PUT', `${faults}/status`, '{"status":{"phase":"Active"}}')).toBe('PUT faults/status Active')
  expect(describeRequest('POST', '/api/v1/namespaces/llm/pods/a/eviction', '{}')).toBe('POST pods/eviction')
  expect(describeRequest('PATCH', '/api/v1/nodes/gpu-1', '{}')).toBe('PATCH nodes')
})

test('boundaries have the same names in each life, however often a fault in force was looked at', () => {
  const named = (looks: number): (string | null)[] => {
    const tally = newTally()
    const look = Array.from({ length: looks }, () => ['EXEC pods/exec', 'PUT faults/status Active']).flat()
    const acts = ['PUT faults/status Injecting', 'EXEC pods/exec', 'EXEC pods/exec', 'PUT faults/status Active']
    const seen = [...acts, ...look, 'PUT faults/status Healing', 'EXEC pods/exec'].map((what) => tally.name(what))
    return seen.filter((name) => name !== null)
  }
  expect(named(3)).toEqual(named(1))
  expect(named(1)).toEqual([
    'New: PUT faults/status Injecting',
    'Injecting: EXEC pods/exec',
    'Injecting: EXEC pods/exec 2',
    'Injecting: PUT faults/status Active',
    'Active: EXEC pods/exec',
    'Active: PUT faults/status Active',
    'Active: PUT faults/status Healing',
    'Healing: EXEC pods/exec',
  ])
})

test('before and after each boundary, ended by the two in turn', () => {
  const points = killPoints(['a', 'b'], 0)
  expect(points.map(({ index, when, healer }) => `${index} ${when} ${healer}`)).toEqual([
    '0 before controller',
    '0 after heal',
    '1 before heal',
    '1 after controller',
  ])
})

test('a point that is not reached is no pass, and few points are no proof', () => {
  const left = { result: 'left', left: ['x'] } as const
  const outcomes = [{ result: 'healed by heal' }, { result: 'not reached' }, left] as const
  expect(counted(outcomes)).toEqual({ points: 2, passed: 1, failed: 2, notReached: 1 })
  expect(tooFew(150)).toBeNull()
  expect(tooFew(149)).toContain('expected at least 150 kill points in a run of all faults, found 149')
})

describe('on a target of its own', () => {
  let pool: ProcessPool
  let lane: Lane

  beforeAll(async () => {
    pool = startPool({ size: 0 })
    lane = await openLane(pool)
  })
  afterAll(async () => {
    await lane?.[Symbol.asyncDispose]()
    await pool?.[Symbol.asyncDispose]()
  })

  test('a request is never sent, or sent and never answered; from then on nothing passes', async () => {
    const { proxy, kube, drill } = lane
    const { namespace } = drill
    const near = connect({ kubeconfig: proxy.kubeconfig })
    const create = (name: string): Promise<unknown> =>
      near.core.createNamespacedConfigMap({ namespace, body: { metadata: { name } } })
    const names = async (): Promise<string[]> =>
      (await kube.core.listNamespacedConfigMap({ namespace })).items.map(({ metadata }) => metadata?.name ?? '')
    for (const [when, there] of [
      ['before', false],
      ['after', true],
    ] as const) {
      const reached = Promise.withResolvers<void>()
      proxy.begin({ boundary: 'New: POST configmaps 2', when }, () => reached.resolve())
      await create(`first-${when}`)
      const second = create(`second-${when}`)
      second.catch(() => undefined)
      await reached.promise
      await expect(create(`third-${when}`)).rejects.toThrow()
      proxy.hangUp()
      await expect(second).rejects.toThrow()
      const found = await names()
      expect([`first-${when}`, `second-${when}`, `third-${when}`].map((name) => found.includes(name))).toEqual([
        true,
        there,
        false,
      ])
      expect(proxy.seen()).toEqual(['New: POST configmaps', 'New: POST configmaps 2'])
    }
  })

  test('nothing is left where nothing was done', async () => {
    expect(leftovers(await lane.snapshot(), await lane.snapshot())).toEqual([])
  })

  test.for([
    [{ count: 1 }, 'engine-hang', 'containers/stopped: expected [], found ["'],
    [{ count: 1 }, 'prefix-cache-reset', 'containers/tasks: expected [], found ["'],
    [{ watts: 300 }, 'gpu-throttle', 'gpus/played limitWatts: expected 700, found 300'],
    [{ value: 95 }, 'telemetry-only', 'gpus/played tells DCGM_FI_DEV_GPU_TEMP: expected 31, found 95'],
  ] as const)('what no API server sees is found while it lasts: %s of %s', async ([params, kind, line]) => {
    const before = await lane.snapshot()
    lane.controller = await startController(lane, lane.plane.kubeconfig)
    const fault: Case = { name: kind, kind, params }
    const resource = await untilActive(lane, await begin(lane, fault, 30))
    // A command in a container has begun when the fault is in force; what it does may take a moment.
    await expect
      .poll(async () => leftovers(before, await lane.snapshot()).join('\n'), { timeout: 10_000 })
      .toContain(line)
    await lane.dismiss()
    await heal(lane)
    expect(await untilClean(lane, before)).toEqual([])
    await forget(lane, resource)
  })

  test('a heal that cannot is told', async () => {
    const elsewhere = { ...lane, plane: { ...lane.plane, kubeconfig: '/nowhere' }, drill: lane.drill }
    await expect(heal(elsewhere)).rejects.toThrow('expected firedrill heal to end with 0, found 64')
  })

  const core = '/api/v1/namespaces/NS'
  const merge = (path: string, body: unknown) => ({ method: 'PATCH', path, body, patch: 'merge' }) as const
  const create = (path: string, body: unknown) => ({ method: 'POST', path, body }) as const
  const container = { name: 'c', image: 'i' }
  test.for([
    [
      'a label',
      merge(`${core}/configmaps/feature-flags`, { metadata: { labels: { left: 'x' } } }),
      'configmaps/feature-flags metadata labels left',
    ],
    [
      'an annotation',
      merge('/api/v1/nodes/gpu-1', { metadata: { annotations: { left: 'x' } } }),
      'nodes/gpu-1 metadata annotations left',
    ],
    [
      'a cordon',
      merge('/api/v1/nodes/gpu-2', { spec: { unschedulable: true } }),
      'nodes/gpu-2 spec unschedulable: expected nothing, found true',
    ],
    [
      'a finalizer',
      merge(`${core}/configmaps/feature-flags`, { metadata: { finalizers: ['firedrill.dev/x'] } }),
      'configmaps/feature-flags metadata finalizers',
    ],
    [
      'a NetworkPolicy',
      create('/apis/networking.k8s.io/v1/namespaces/NS/networkpolicies', {
        metadata: { name: 'left' },
        spec: { podSelector: {} },
      }),
      'networkpolicies.networking.k8s.io/left',
    ],
    [
      'a Job',
      create('/apis/batch/v1/namespaces/NS/jobs', {
        metadata: { name: 'left' },
        spec: { template: { spec: { restartPolicy: 'Never', containers: [container] } } },
      }),
      'jobs.batch/left',
    ],
    [
      'a flag',
      merge(`${core}/configmaps/feature-flags`, { data: { 'flags.json': '{"flags":{}}' } }),
      'configmaps/feature-flags data flags.json flags',
    ],
    [
      'a definition',
      merge('/apis/apiextensions.k8s.io/v1/customresourcedefinitions/faults.firedrill.dev', {
        metadata: { labels: { left: 'x' } },
      }),
      'customresourcedefinitions.apiextensions.k8s.io/faults.firedrill.dev metadata labels left',
    ],
    [
      'replicas',
      merge('/apis/apps/v1/namespaces/NS/deployments/vllm', { spec: { replicas: 2 } }),
      'deployments.apps/vllm spec replicas: expected 3, found 2',
    ],
  ] as const)('%s that is left is found', async ([, { method, path, body, ...options }, line]) => {
    const before = await lane.snapshot()
    const raw = rawClient(lane.kube)
    await raw(method, path.replace('NS', lane.drill.namespace), { body, ...options })
    expect(leftovers(before, await lane.snapshot()).join('\n')).toContain(line)
  })
})
