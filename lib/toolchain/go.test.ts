import { expect, test } from 'vitest'
import { GO_NEEDED, goVersion, isGoEnough } from './go.mjs'

test.each([
  [`go${GO_NEEDED}`, true],
  [`go${GO_NEEDED}.3`, true],
  [`go${GO_NEEDED}rc1`, true],
  ['go2.0', true],
  ['go1.100.1', true],
  ['go1.9', false],
  ['go1.25.7', false],
  ['devel', false],
  [null, false],
])('%s: %s', (version, enough) => {
  expect(isGoEnough(version)).toBe(enough)
})

test('no Go on the PATH is no version', () => {
  expect(goVersion({ PATH: '/nowhere' })).toBe(null)
})
