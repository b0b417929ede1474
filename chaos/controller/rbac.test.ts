import { expect, test } from 'vitest'
import { isClusterScoped, parseNeed } from '../../lib/core/need.ts'
import { faults } from '../faults/registry.gen.ts'
import { CONTROLLER_NEEDS, needsOfAsking, ownNeedsOf, RUN_NEEDS } from './needs.ts'
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
  const needs = [...CONTROLLER_NEEDS, ...RUN_NEEDS, ...all.flatMap(ownNeedsOf), ...needsOfAsking(all)]
  expect(needs.filter((need) => need.includes('*'))).toEqual([])
  expect(
    needs
      .map(parseNeed)
      .filter(isClusterScoped)
      .map(({ resource }) => resource),
  ).not.toContain('clusterroles')
})

test('a need that is none is said', () => {
  expect(() => parseNeed('pods')).toThrow('expected resource[/subresource][.group]:verb, found "pods"')
})
