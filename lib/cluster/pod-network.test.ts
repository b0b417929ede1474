import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { claimPodNetwork, listeningIn } from './pod-network.ts'

const table = (): string => readFileSync('/proc/net/tcp', 'utf8')
const octet = fc.integer({ min: 0, max: 255 })

test('a listener is seen in its own network and in no other', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 100, max: 240 }), octet, fc.integer({ min: 1, max: 254 }), async (n, c, d) => {
      expect(listeningIn(`127.${n}`, table())).toBe(false)
      const server = createServer().listen(0, `127.${n}.${c}.${d}`)
      await once(server, 'listening')
      expect(listeningIn(`127.${n}`, table())).toBe(true)
      expect(listeningIn(`127.${n - 1}`, table())).toBe(false)
      server.close()
      await once(server, 'close')
    }),
    { numRuns: 25 },
  )
})

test('two claims get two networks; a network in use is passed over, one given back is taken again', async () => {
  const first = await claimPodNetwork()
  const second = await claimPodNetwork()
  expect(second.prefix).not.toBe(first.prefix)
  await second.lock.release()

  const squatter = createServer().listen(0, `${second.prefix}.3.4`)
  await once(squatter, 'listening')
  const third = await claimPodNetwork()
  expect([first.prefix, second.prefix]).not.toContain(third.prefix)
  squatter.close()
  await Promise.all([first.lock.release(), third.lock.release()])
})
