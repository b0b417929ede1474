import { expect, test } from 'vitest'
import { refusedBy } from './budgets.ts'

const budget = (name: string, allowed: number, pods: string[]) => ({ name, allowed, pods })

test('pods that no budget is over may go', () => {
  expect(refusedBy([], ['a', 'b'])).toBeNull()
  expect(refusedBy([budget('other', 0, ['x'])], ['a', 'b'])).toBeNull()
})

test('as many as a budget allows may go at once', () => {
  expect(refusedBy([budget('vllm', 2, ['a', 'b', 'c'])], ['a', 'b'])).toBeNull()
  expect(refusedBy([budget('vllm', 1, ['a', 'b', 'c'])], ['a', 'x'])).toBeNull()
  expect(refusedBy([budget('vllm', 1, ['a', 'b', 'c'])], ['a', 'x', 'b'])).toBe(
    'expected the disruption budget vllm to allow 2 evictions, found 1: it protects a, b',
  )
  expect(refusedBy([budget('vllm', 0, ['a'])], ['a'])).toMatch(/found 0/)
})

test('a pod under two budgets cannot be evicted at all', () => {
  expect(refusedBy([budget('one', 1, ['a']), budget('two', 1, ['a'])], ['a'])).toMatch(/one and two/)
})
