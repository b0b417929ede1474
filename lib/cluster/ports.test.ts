import { createServer } from 'node:net'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { findPort, isFree } from './ports.ts'

const ADDRESSES = ['127.0.0.1', '127.0.0.2']

test('a port is free on all addresses, and none that an outgoing connection could take meanwhile', async () => {
  const port = await findPort(ADDRESSES)
  expect(port).toBeGreaterThanOrEqual(20_000)
  expect(port).toBeLessThan(30_000)
  const server = createServer().listen(port, '127.0.0.2')
  await once(server, 'listening')
  // The draw that led to this port, and then the next one.
  const draws = [(port - 20_000) / 10_000, ((port + 1) % 10_000) / 10_000]
  const other = await findPort(ADDRESSES, port, () => draws.shift() ?? Math.random())
  server.close()
  await once(server, 'close')
  expect(other).not.toBe(port)
  expect(await isFree(ADDRESSES, port)).toBe(true)
  expect(await findPort(ADDRESSES, port)).toBe(port)
})
