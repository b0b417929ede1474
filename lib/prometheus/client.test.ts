import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { prometheusClient } from './client.ts'

const answering = async (data: unknown) => {
  const server = createServer((_, response) => response.end(JSON.stringify({ status: 'success', data })))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // a TCP server
  return {
    client: prometheusClient({ endpoint: { url: `http://127.0.0.1:${port}`, headers: {} } }),
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  }
}

test('an instant query gives a vector or a scalar', async () => {
  await using vector = await answering({ resultType: 'vector', result: [{ metric: { a: 'b' }, value: [1, '+Inf'] }] })
  expect(await vector.client.query('up')).toEqual([{ labels: { a: 'b' }, at: 1_000, value: Infinity }])
  await using scalar = await answering({ resultType: 'scalar', result: [1, '2'] })
  expect(await scalar.client.query('2')).toEqual([{ labels: {}, at: 1_000, value: 2 }])
})

test.each([
  ['matrix', [{ metric: {}, values: [[1, '1']] }]],
  ['string', [1, 'x']],
])('a %s is refused, and not taken for nothing', async (resultType, result) => {
  await using other = await answering({ resultType, result })
  await expect(other.client.query('up[5m]')).rejects.toMatchObject({
    code: 'prometheus-refused',
    message: `expected a query that gives a vector or a scalar, found ${resultType}: up[5m]`,
  })
})
