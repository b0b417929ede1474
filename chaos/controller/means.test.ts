import { expect, test } from 'vitest'
import type { Answers } from '../../lib/core/capability.ts'
import { faults } from '../faults/registry.gen.ts'
import { needsOfMeans, usable } from './means.ts'
import { answering, ownNeedsOf } from './needs.ts'

const cut = faults['net-partition'] ?? expect.fail('no net-partition')
const { means = {} } = cut
const can: Answers = {
  'upstream-faults': { ok: false, reason: 'expected a gateway, found none' },
  'network-chaos': { ok: true },
  'network-policies': { ok: true, selecting: {} },
}
const namespace = 'llm'

test('a means that may be asked for and not used gives way to the next', () => {
  expect(usable(means, can, { namespace, denied: [] })).toEqual(can)
  const denied = ['networkchaos.chaos-mesh.org:create', 'pods:delete']
  const now = usable(means, can, { namespace, denied })
  expect(now).toEqual({
    ...can,
    'network-chaos': {
      ok: false,
      reason:
        'expected the right to networkchaos.chaos-mesh.org:create in llm, to use network-chaos, found that RBAC does not give it',
    },
  })
  expect(ownNeedsOf(cut, answering(now)).sort()).toEqual([...(means['network-policies'] ?? [])].sort())
})

test('rights are asked for of means that are there, once each', () => {
  const needs = needsOfMeans(means, can)
  expect(needs).not.toContain('configmaps:update')
  expect(needs.filter((need) => need === 'pods:patch')).toHaveLength(1)
  expect(needs.sort()).toEqual(
    [...new Set([...(means['network-chaos'] ?? []), ...(means['network-policies'] ?? [])])].sort(),
  )
  expect(needsOfMeans(means, {})).toEqual([])
})
