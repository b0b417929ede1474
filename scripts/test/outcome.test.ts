import { expect, test } from 'vitest'
import { merged, summary } from './outcome.ts'

test('a run without a failure ends with its counts', () => {
  const outcome = merged([
    { passed: 2, failures: [] },
    { passed: 3, failures: [] },
  ])
  expect(summary(outcome)).toBe('\n5 passed, 0 failed\n')
})

test('what failed is named with what was said of it, and the counts are last', () => {
  const outcome = merged([
    { passed: 1, failures: [{ title: 'a.test.ts > one', text: 'AssertionError: no\n\n  at a.ts:3\n' }] },
    { passed: 0, failures: [{ title: 'tsc --noEmit', text: 'error TS1' }] },
  ])
  expect(summary(outcome).split('\n')).toEqual([
    '',
    '✗ a.test.ts > one',
    '    AssertionError: no',
    '',
    '      at a.ts:3',
    '✗ tsc --noEmit',
    '    error TS1',
    '',
    '1 passed, 2 failed',
    '',
  ])
})

test('a long text is told by its beginning and its end, and after some failures only names follow', () => {
  const text = Array.from({ length: 100 }, (_, at) => `line ${at}`).join('\n')
  const failures = Array.from({ length: 12 }, (_, at) => ({ title: `test ${at}`, text }))
  const lines = summary({ passed: 0, failures }).split('\n')
  expect(lines.slice(15, 20).map((line) => line.trim())).toEqual([
    'line 13',
    'line 14',
    '… 60 more lines …',
    'line 75',
    'line 76',
  ])
  expect(lines.slice(-6)).toEqual(['    line 99', '✗ test 10', '✗ test 11', '', '0 passed, 12 failed', ''])
})
