import { expect, test } from 'vitest'
import { restoringName } from '../../lib/core/power-cap.ts'
import { faultId } from './fault-id.ts'

const idOf = (name: string, uid = '0a1b2c3d-4e5f'): string => faultId({ metadata: { name, namespace: 'llm', uid } })

test('is the name and the first of the UID', () => {
  expect(idOf('pod-kill.1')).toBe('pod-kill-1-0a1b2c3d')
})

test('of the longest name leaves room for the names of all Jobs, and stays unique', () => {
  const longest = 'n'.repeat(253)
  expect(restoringName({ name: `${idOf(longest)}-99` }).length).toBeLessThanOrEqual(63)
  expect(idOf(longest)).not.toBe(idOf(longest, '1a1b2c3d-4e5f'))
  expect(idOf('a.b-'.repeat(63))).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/)
})
