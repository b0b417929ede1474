import { expect, test } from 'vitest'
import type { CapabilityName } from '../../lib/core/capability.ts'
import { isClusterScoped, parseNeed } from '../../lib/core/need.ts'
import { faults } from '../faults/registry.gen.ts'
import { CONTROLLER_NEEDS, type Has, needsOfAsking, ownNeedsOf, RUN_NEEDS } from './needs.ts'
import { rbacManifests } from './rbac.ts'

const made = (needs: readonly string[]) => rbacManifests({ namespace: 'llm', name: 'firedrill', needs })

test('resources of one group that need the same verbs share a rule; what has no namespace has a ClusterRole', () => {
  const manifests = made([
    'pods:get',
    'pods/eviction:create',
    'nodes:patch',
    'pods:get',
    'jobs.batch:create',
    'pods/log:get',
  ])
  expect(manifests.map(({ kind }) => kind)).toEqual([
    'ServiceAccount',
    'Role',
    'RoleBinding',
    'ClusterRole',
    'ClusterRoleBinding',
  ])
  expect(manifests[1]).toMatchObject({
    metadata: { name: 'firedrill', namespace: 'llm' },
    rules: [
      { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create'] },
      { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
      { apiGroups: [''], resources: ['pods/log', 'pods'], verbs: ['get'] },
    ],
  })
  expect(manifests[3]).toMatchObject({
    metadata: { name: 'firedrill-llm' },
    rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['patch'] }],
  })
  expect(manifests[4]).toMatchObject({ roleRef: { kind: 'ClusterRole', name: 'firedrill-llm' } })
})

test('without what has no namespace there is no ClusterRole', () => {
  expect(made(['pods:get']).map(({ kind }) => kind)).toEqual(['ServiceAccount', 'Role', 'RoleBinding'])
})

test('every need that ships can be read, and none is a wildcard', () => {
  const all = Object.values(faults)
  const needs = [...CONTROLLER_NEEDS, ...RUN_NEEDS, ...all.flatMap((fault) => ownNeedsOf(fault)), ...needsOfAsking(all)]
  expect(needs.filter((need) => need.includes('*'))).toEqual([])
  expect(
    needs
      .map(parseNeed)
      .filter(isClusterScoped)
      .map(({ resource }) => resource),
  ).not.toContain('clusterroles')
})

test('of several means, rights for the first that the target has, and to ask for it', () => {
  const cut = faults['net-partition'] ?? expect.fail('no net-partition')
  const ofGateway = ['configmaps:get', 'configmaps:update']
  const policies = ['get', 'create', 'delete'].map((verb) => `networkpolicies.networking.k8s.io:${verb}`)
  const onPods = ['pods:get', 'pods:patch']
  const has =
    (...names: CapabilityName[]): Has =>
    (name) =>
      names.includes(name)
  const needs = (...names: CapabilityName[]): string[] => ownNeedsOf(cut, has(...names)).sort()
  expect(needs('upstream-faults')).toEqual(ofGateway)
  expect(needs('network-policies', 'upstream-faults')).toEqual(ofGateway)
  expect(needs('network-policies')).toEqual([...policies, ...onPods].sort())
  expect(needs()).toEqual([])
  expect(ownNeedsOf(cut)).toEqual(expect.arrayContaining([...ofGateway, ...policies, ...onPods]))
  expect(needsOfAsking([cut], { has: has('upstream-faults') })).toEqual(['configmaps:list'])
  expect(needsOfAsking([cut])).toContain('networkpolicies.networking.k8s.io:list')
})

test('whoever starts pods may try them, and nobody else', () => {
  const own = (name: string) => ownNeedsOf(faults[name] ?? expect.fail(name))
  for (const name of ['near-miss', 'crash-loop', 'scale-down']) expect(own(name)).toContain('pods:create')
  for (const name of ['pod-kill', 'pod-evict', 'feature-flag', 'none']) expect(own(name)).not.toContain('pods:create')
})

test('a need that is none is said', () => {
  expect(() => parseNeed('pods')).toThrow('expected resource[/subresource][.group]:verb, found "pods"')
})
