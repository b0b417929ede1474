import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { BLOCKED_PORTS, parseApiPort } from './api-port.ts'

test('the list is the one of the fetch that is used', () => {
  const { badPorts }: { badPorts: string[] } = createRequire(import.meta.url)('undici/lib/web/fetch/constants.js')
  expect([...BLOCKED_PORTS]).toEqual(badPorts.map(Number).filter((port) => port >= 1_024))
})

test('fetch does refuse them', async () => {
  for (const port of BLOCKED_PORTS)
    await expect(fetch(`http://127.0.0.1:${port}`), String(port)).rejects.toMatchObject({
      cause: { message: 'bad port' },
    })
})

test.each(['22', '0', '1023', '65536', '6443.5', '0x1000', '', '-1', ' 6443', '6000', '10080'])(
  'no to "%s"',
  (text) => {
    expect(parseApiPort(text)).toBe(null)
  },
)

test.each([
  ['1024', 1_024],
  ['6443', 6_443],
  ['65535', 65_535],
])('yes to %s', (text, port) => {
  expect(parseApiPort(text)).toBe(port)
})
