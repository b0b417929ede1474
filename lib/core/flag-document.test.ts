import { FlagdCore } from '@openfeature/flagd-core'
import * as fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { type Flag, flipped, parseFlags, withFlag } from './flag-document.ts'

const plain: Flag = { state: 'ENABLED', variants: { off: 'off', on: 'on', other: 'other' }, defaultVariant: 'off' }
const ruled: Flag = { ...plain, targeting: { if: [{ '==': [{ var: 'tier' }, 'gold'] }, 'other', null] } }
const EXPIRES = 2_000_000_000

type User = Record<string, string>

/** What flagd's own engine gives these users at that second. */
const variantsOf = (flag: Flag, second: number, users: readonly User[]): (string | undefined)[] => {
  vi.useFakeTimers({ now: second * 1_000 })
  try {
    const core = new FlagdCore()
    core.setConfigurations(JSON.stringify({ flags: { flag } }))
    return users.map((user) => core.resolveStringEvaluation('flag', 'code', user).variant)
  } finally {
    vi.useRealTimers()
  }
}

const flip = (flag: Flag, share: number): Flag => flipped(flag, { variant: 'on', share, expiresAt: EXPIRES, mark: {} })

test.for([plain, ruled])('before it expires everybody gets the variant; after it, what they got before', (flag) => {
  const user = fc.record({ targetingKey: fc.string({ minLength: 1 }), tier: fc.constantFrom('gold', 'none') })
  fc.assert(
    fc.property(fc.array(user), (users) => {
      const before = variantsOf(flag, EXPIRES, users)
      expect(variantsOf(flip(flag, 100), EXPIRES - 1, users)).toEqual(users.map(() => 'on'))
      expect(variantsOf(flip(flag, 100), EXPIRES, users)).toEqual(before)
      expect(variantsOf(flip(flag, 0), EXPIRES - 1, users)).toEqual(before)
    }),
    { numRuns: 20 },
  )
})

test('a share of the users gets the variant, the others what they got before', () => {
  const users = Array.from({ length: 1_000 }, (_, user) => ({ targetingKey: `user-${user}`, tier: 'gold' }))
  const variants = variantsOf(flip(ruled, 30), EXPIRES - 1, users)
  const on = variants.filter((variant) => variant === 'on').length
  expect(on).toBeGreaterThan(240)
  expect(on).toBeLessThan(360)
  expect(variants.filter((variant) => variant === 'other')).toHaveLength(1_000 - on)
})

test('one flag is replaced, everything else stays', () => {
  const document = parseFlags(JSON.stringify({ $schema: 'x', flags: { a: plain, b: ruled }, $evaluators: {} }))
  const again = parseFlags(withFlag(document, 'a', ruled))
  expect(again).toEqual({ ...document, flags: { a: ruled, b: ruled } })
})

test('what is no flag document is refused', () => {
  expect(() => parseFlags('{"flags":{"a":{"state":"ON"}}}')).toThrow('ENABLED')
})
