import { writeFile } from 'node:fs/promises'
import { Agent, createServer, request as forward, type RequestOptions } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { connect as dial } from 'node:tls'
import type { Duplex } from 'node:stream'
import { makeCertificates } from '../../lib/cluster/certificates.ts'
import { makeKubeconfig } from '../../lib/cluster/kubeconfig.ts'
import type { KubeConnection } from '../../lib/kube/connection.ts'
import { describeRequest, isBoundary } from './boundary.ts'
import { newTally } from './tally.ts'

export interface CrashPoint {
  /** Its name, by `Tally`. */
  boundary: string
  /** Before: the request is never sent. After: it is answered, and the answer is never given back. */
  when: 'before' | 'after'
}

export interface CrashProxy extends AsyncDisposable {
  /** A kubeconfig whose requests come through here. */
  kubeconfig: string
  /** Begins another life, and lets everything pass until this point is reached: from then on nothing passes. */
  begin(point: CrashPoint | null, onReached: () => void): void
  /** The boundaries since `begin`. */
  seen(): readonly string[]
  /** Hangs up on everybody. */
  hangUp(): void
}

/** For a command in a container whose answer nobody is there to take. */
const ANSWER_MS = 1_500

/** An HTTPS proxy in front of the API server that sees every request: watches and upgrades (exec) pass through it. */
export const startProxy = async ({ config }: KubeConnection, kubeconfig: string): Promise<CrashProxy> => {
  const far = new URL(config.getCurrentCluster()?.server ?? '')
  const identity: RequestOptions = {}
  await config.applyToHTTPSOptions(identity)
  const { ca, cert, key } = identity
  const trust = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
  const agent = new Agent({ keepAlive: true, ...trust })
  const names = [{ type: 'ip', value: '127.0.0.1' }] as const
  const own = await makeCertificates({
    apiServer: names,
    kubelets: names,
    kubeletClientName: 'unused',
    now: Date.now(),
  })

  const newLife = (point: CrashPoint | null, onReached: () => void) => ({
    point,
    onReached,
    seen: [] as string[],
    tally: newTally(),
    dead: false,
  })
  const state = newLife(null, () => undefined)
  const sockets = new Set<Duplex>()
  const die = (): void => {
    if (state.dead) return
    state.dead = true
    state.onReached()
  }
  /** What is to happen to this request: it is counted where it counts. */
  const meet = (what: string | null): 'pass' | 'before' | 'after' => {
    const boundary = what === null ? null : state.tally.name(what)
    if (boundary === null) return 'pass'
    state.seen.push(boundary)
    return state.point?.boundary === boundary ? state.point.when : 'pass'
  }

  const pass = async (near: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const { method = '', url = '' } = near
    const body = await buffer(near)
    if (state.dead) return void near.socket.destroy()
    const fate = meet(isBoundary(method, url) ? describeRequest(method, url, body.toString()) : null)
    if (fate === 'before') return die()
    const { host: _, connection: __, ...headers } = near.headers
    const outgoing = forward({ agent, hostname: far.hostname, port: far.port, method, path: url, headers })
    outgoing.on('response', (response) => {
      if (fate === 'after') return void response.resume().on('end', die)
      answer.writeHead(response.statusCode ?? 502, withoutHop(response.rawHeaders)).flushHeaders()
      response.pipe(answer)
      response.on('error', () => near.socket.destroy())
    })
    outgoing.on('error', () => near.socket.destroy())
    answer.on('close', () => outgoing.destroy())
    outgoing.end(body)
  }

  const tunnel = (near: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const { method = '', url = '' } = near
    if (state.dead) return void socket.destroy()
    const fate = meet(isBoundary(method, url, true) ? describeRequest('EXEC', url, '') : null)
    if (fate === 'before') return die()
    const upstream = dial({ host: far.hostname, port: Number(far.port), ...trust })
    track(sockets, upstream)
    const lines = pairs(near.rawHeaders).map(([name, value]) => `${name}: ${name === 'Host' ? far.host : value}`)
    upstream.write(`${method} ${url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
    upstream.write(head)
    socket.pipe(upstream)
    for (const [from, to] of [
      [socket, upstream],
      [upstream, socket],
    ] as const)
      from.on('error', () => to.destroy()).on('close', () => to.destroy())
    if (fate === 'pass') return void upstream.pipe(socket)
    // What was asked of a container is done when the API server hangs up, or has had the time to.
    const done = setTimeout(die, ANSWER_MS)
    upstream.resume().on('end', () => {
      clearTimeout(done)
      die()
    })
  }

  const server = createServer({ ...own.apiServer, ca: own.ca, requestCert: true }, (near, answer) => {
    pass(near, answer).catch(() => near.socket.destroy())
  })
  server.on('secureConnection', (socket) => track(sockets, socket))
  server.on('upgrade', tunnel)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const url = `https://127.0.0.1:${port}`
  await writeFile(kubeconfig, makeKubeconfig({ name: 'crash', server: url, ca: own.ca, client: own.admin }), {
    mode: 0o600,
  })

  const hangUp = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    kubeconfig,
    begin: (point, onReached) => void Object.assign(state, newLife(point, onReached)),
    seen: () => state.seen,
    hangUp,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      hangUp()
      agent.destroy()
      await closed
    },
  }
}

// --- Internal helpers ---

const track = (sockets: Set<Duplex>, socket: Duplex): void => {
  sockets.add(socket)
  socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
}

const pairs = (raw: readonly string[]): [string, string][] =>
  raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ''] satisfies [string, string]] : []))

/** Headers of one connection are not handed on to another. */
const withoutHop = (raw: readonly string[]): string[] =>
  pairs(raw)
    .filter(([name]) => !/^(connection|keep-alive|transfer-encoding)$/i.test(name))
    .flat()
