import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { expand } from './expansion.ts'

const values: Record<string, string> = { VAR_A: 'A', VAR_B: 'B', VAR_EMPTY: '', VAR_REF: '$(VAR_A)' }
const lookup = (name: string): string | undefined => values[name]

// Kubernetes' own table (third_party/forked/golang/expansion/expand_test.go).
test.each([
  ['$(VAR_A)', 'A'],
  ['___$(VAR_B)___', '___B___'],
  ['$(VAR_A)-$(VAR_B)', 'A-B'],
  ['$(VAR_EMPTY)-', '-'],
  ['$(VAR_REF)', '$(VAR_A)'],
  ['$$(VAR_A)', '$(VAR_A)'],
  ['$$$(VAR_A)', '$A'],
  ['$$$$(VAR_A)', '$$(VAR_A)'],
  ['$(VAR_UNKNOWN)', '$(VAR_UNKNOWN)'],
  ['$VAR_A', '$VAR_A'],
  ['$(VAR_A', '$(VAR_A'],
  ['foo $$ bar', 'foo $ bar'],
  ['$', '$'],
  ['$()', '$()'],
])('%s becomes %s', (text, expected) => {
  expect(expand(text, lookup)).toBe(expected)
})

test('text without a dollar sign stays as it is', () => {
  fc.assert(
    fc.property(
      fc.string().map((text) => text.replaceAll('$', '')),
      (text) => expand(text, lookup) === text,
    ),
  )
})

test('doubling every dollar sign protects any text', () => {
  fc.assert(fc.property(fc.string(), (text) => expand(text.replaceAll('$', '$$$$'), lookup) === text))
})
