import { expect, test } from 'vitest'
import { LabelSelector, selectorText } from './label-selector.ts'

test('a selector is asked for in the words of a list', () => {
  const selector = LabelSelector.parse({
    matchLabels: { app: 'vllm', tier: 'a' },
    matchExpressions: [
      { key: 'zone', operator: 'In', values: ['x', 'y'] },
      { key: 'zone', operator: 'NotIn', values: ['z'] },
      { key: 'gpu', operator: 'Exists' },
      { key: 'spot', operator: 'DoesNotExist' },
    ],
  })
  expect(selectorText(selector)).toBe('app=vllm,tier=a,zone in (x,y),zone notin (z),gpu,!spot')
})

test('an empty selector is over every pod, none is over no pod', () => {
  expect(selectorText(LabelSelector.parse({}))).toBe('')
  expect(selectorText(undefined)).toBeNull()
})
