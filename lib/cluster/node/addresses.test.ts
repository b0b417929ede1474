import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createAddresses } from './addresses.ts'

test('an address in use is never given again, and a free one only after all others', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constant('acquire' as const), fc.nat({ max: 300 })), { maxLength: 800 }),
      (steps) => {
        const addresses = createAddresses('127.9')
        const used: string[] = []
        for (const step of steps) {
          if (step === 'acquire') {
            const address = addresses.acquire()
            if (used.length === 253) expect(address).toBeNull()
            else {
              expect(address).toMatch(/^127\.9\.0\.\d+$/)
              expect(used).not.toContain(address)
            }
            if (address !== null) used.push(address)
          } else {
            const [freed] = used.splice(step, 1)
            if (freed !== undefined) addresses.release(freed)
          }
        }
      },
    ),
  )
  const addresses = createAddresses('127.1')
  const first = addresses.acquire() ?? ''
  expect(first).toBe('127.1.0.2')
  addresses.release(first)
  expect(Array.from({ length: 252 }, () => addresses.acquire())).not.toContain(first)
  expect(addresses.acquire()).toBe(first)
  expect(addresses.acquire()).toBeNull()
})
