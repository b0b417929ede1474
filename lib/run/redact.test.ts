import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { redactArgv, redactUrl } from './redact.ts'

const SECRET = 'Authorization: Bearer s3cret'

test.each([
  [
    ['run', 'a.ts', '--seed', '1'],
    ['run', 'a.ts', '--seed', '1'],
  ],
  [
    ['run', '--header', SECRET, '--url', 'http://h'],
    ['run', '--header', 'Authorization: ***', '--url', 'http://h'],
  ],
  [
    ['--url-header', SECRET, 'X-Key:abc', '--json'],
    ['--url-header', 'Authorization: ***', 'X-Key: ***', '--json'],
  ],
  [
    [`--header=${SECRET}`, 'a.ts'],
    ['--header=Authorization: ***', 'a.ts'],
  ],
  [[`--url-header=s3cret`], ['--url-header=***']],
  [
    ['--header', 's3cret', '--headers', 'kept'],
    ['--header', '***', '--headers', 'kept'],
  ],
  [
    ['--url', 'https://me:pa@ss@h:1/x@y', '--prometheus=http://tok@p'],
    ['--url', 'https://***@h:1/x@y', '--prometheus=http://***@p'],
  ],
])('%j', (argv, shown) => {
  expect(redactArgv(argv)).toEqual(shown)
})

test('an address without userinfo stays as it is', () => {
  for (const text of ['http://h:9090/a?b=c@d', 'svc/monitoring/prometheus:9090', 'me@example.com', '']) {
    expect(redactUrl(text)).toBe(text)
  }
})

test('wherever it stands among the words, a secret is not among what is shown', () => {
  const secret = fc.stringMatching(/^[a-z0-9]{12}$/)
  const hiding = fc.constantFrom(
    (value: string) => ['--header', `X: ${value}`],
    (value: string) => [`--header=X: ${value}`],
    (value: string) => ['--url-header', 'Y: 1', `X:${value}`],
    (value: string) => [`--url-header=${value}`],
    (value: string) => ['--url', `https://u:${value}@host/v1`],
    (value: string) => [`--prometheus=http://${value}@host`],
  )
  const words = fc.array(fc.constantFrom('run', 'a.ts', '--json', '--name', 'x', '--header', '--rules'))
  fc.assert(
    fc.property(words, hiding, secret, words, (before, hide, value, after) => {
      const argv = [...before, ...hide(value), ...after]
      const shown = redactArgv(argv)
      expect(shown.join(' ')).not.toContain(value)
      expect(shown).toHaveLength(argv.length)
    }),
  )
})
