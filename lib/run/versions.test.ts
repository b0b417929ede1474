import { createServer } from 'node:http'
import { once } from 'node:events'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openConnections } from './connections.ts'
import { servedModel } from './facts.ts'
import { targetVersions } from './versions.ts'

/** Answers these paths with JSON, and everything else with 404; keeps the Authorization that it was shown. */
const serve = async (answers: Record<string, unknown>) => {
  const shown: (string | undefined)[] = []
  const server = createServer((request, response) => {
    shown.push(request.headers.authorization)
    const answer = answers[request.url ?? '']
    if (answer === undefined) return response.writeHead(404).end('no such path')
    response.end(JSON.stringify(answer))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${Object(server.address()).port}`
  return { url, shown, [Symbol.dispose]: () => void server.close().closeAllConnections() }
}

const prometheus = (version: string) => ({
  '/api/v1/status/buildinfo': { status: 'success', data: { version, revision: '', goVersion: 'go1.26' } },
})
const alertmanager = (version: string) => ({ '/api/v2/status': { versionInfo: { version } } })

const connections = async (folder: string, url: string, urlHeaders: string[] = []) => {
  const cluster = { server: url, 'insecure-skip-tls-verify': true }
  const kubeconfig = join(folder, 'kubeconfig')
  await writeFile(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'c',
    }),
  )
  const target = { kubeconfig, namespace: 'llm', selector: 'a=b', url, prometheus: `${url}/`, alertmanager: url }
  return openConnections({ ...target, headers: ['Authorization: Bearer watch'], urlHeaders })
}

test('what everything calls itself', async () => {
  using server = await serve({
    '/version': { gitVersion: 'v1.34.4' },
    ...prometheus('3.15.0'),
    ...alertmanager('0.31.1'),
  })
  await using folder = await mkdtempDisposable(join(tmpdir(), 'firedrill-versions-'))
  const opened = await connections(folder.path, server.url)
  expect(await targetVersions(opened, '0.25.0')).toEqual({
    kubernetes: '1.34.4',
    prometheus: '3.15.0',
    alertmanager: '0.31.1',
    engine: '0.25.0',
  })
})

test('what is not known is left out', async () => {
  using server = await serve({ ...prometheus(''), ...alertmanager('') })
  await using folder = await mkdtempDisposable(join(tmpdir(), 'firedrill-versions-'))
  const opened = await connections(folder.path, server.url)
  expect(await targetVersions(opened, null)).toEqual({})
  expect(await targetVersions({ ...opened, alertmanager: null }, '')).toEqual({})
})

test('the endpoint under load is asked with its own headers, and not with those of Prometheus', async () => {
  using server = await serve({ '/v1/models': { data: [{ id: 'chat' }] } })
  await using folder = await mkdtempDisposable(join(tmpdir(), 'firedrill-versions-'))
  const { urlHeaders } = await connections(folder.path, server.url, ['authorization:Bearer load'])
  expect(await servedModel(server.url, urlHeaders)).toEqual({ name: 'chat', maxModelLen: null })
  expect(server.shown).toEqual(['Bearer load'])
})

test('a header without a name is refused, by its flag and without its text', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'firedrill-versions-'))
  const opening = connections(folder.path, 'http://127.0.0.1:1', ['Bearer s3cret'])
  await expect(opening).rejects.toMatchObject({
    code: 'header-invalid',
    message: expect.stringMatching(/--url-header(?!.*s3cret)/),
  })
})
