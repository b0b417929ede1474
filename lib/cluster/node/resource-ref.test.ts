import { expect, test } from 'vitest'
import { resourceValue } from './resource-ref.ts'

test('a resource in units of its divisor, rounded up; without a limit, the node', () => {
  const container = { name: 'c', resources: { limits: { memory: '100Mi' }, requests: { cpu: '1500m' } } }
  const value = (resource: string, divisor?: string) =>
    resourceValue({ resource, ...(divisor === undefined ? {} : { divisor }) }, container, { cpu: '8', memory: '32Gi' })
  expect(value('limits.memory', '1Mi')).toBe('100')
  expect(value('limits.memory', '0')).toBe(String(100 * 2 ** 20))
  expect(value('requests.cpu')).toBe('2')
  expect(value('requests.cpu', '1m')).toBe('1500')
  expect(value('limits.cpu')).toBe('8')
  expect(value('status.cpu')).toBeNull()
})
