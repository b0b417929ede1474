import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCertificates } from '../../lib/cluster/certificates.ts'
import { listen } from './listen.ts'

export interface FakeAnswer {
  status?: number
  body: unknown
  /** The answer never comes. */
  silent?: boolean
}

/** What an API server says to whom it does not let in. */
export const FORBIDDEN: FakeAnswer = {
  status: 403,
  body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Forbidden', code: 403, message: 'not yours' },
}

/** Making keys takes long: once for all. */
let certificates: ReturnType<typeof makeCertificates> | null = null

/** An API server that answers what it is told to, over TLS; what it has no answer for is not found. */
export const fakeApi = async (answer: (request: IncomingMessage) => FakeAnswer | null) => {
  const folder = await mkdtempDisposable(join(tmpdir(), 'fake-api-'))
  certificates ??= makeCertificates({
    apiServer: [{ type: 'ip', value: '127.0.0.1' }],
    kubelets: [],
    kubeletClientName: 'x',
    now: Date.now(),
  })
  const { apiServer } = await certificates
  const seen: string[] = []
  const server = createServer(apiServer, (request, response) => {
    seen.push(`${request.method} ${request.url}`)
    request.resume()
    const {
      status = 200,
      body,
      silent = false,
    } = answer(request) ?? {
      status: 404,
      body: { kind: 'Status', code: 404, message: 'none' },
    }
    if (silent) return
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  const { url, close } = await listen(server)
  const kubeconfig = join(folder.path, 'config')
  const config = {
    clusters: [{ name: 'c', cluster: { server: url.replace('http:', 'https:'), 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }
  await writeFile(kubeconfig, JSON.stringify(config))
  return {
    kubeconfig,
    /** `GET /api/v1/namespaces`, as they came. */
    seen,
    [Symbol.asyncDispose]: async () => {
      await close()
      await folder.remove()
    },
  }
}

/** The context of a command that writes into memory. */
export const quietContext = () => {
  const written = { out: '', err: '' }
  const context = {
    argv: [],
    env: {},
    out: (text: string) => void (written.out += text),
    err: (text: string) => void (written.err += text),
    status: () => undefined,
    isTerminal: false,
    columns: 120,
    colour: false,
    signal: new AbortController().signal,
    interrupted: () => false,
    onSecondInterrupt: () => undefined,
    holder: 'test/1/1',
  }
  return { context, written }
}
