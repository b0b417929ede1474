import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { errorMessage } from '../../core/errors.ts'
import { EXEC_PROTOCOLS, type ExecRequest, parseExec } from './exec-request.ts'
import type { ExecTarget } from './exec-process.ts'
import { serveExec } from './exec-session.ts'

/** The container that an exec names, or why it cannot run there. */
export type FindTarget = (request: ExecRequest) => ExecTarget | { status: number; message: string }

export interface ExecServer {
  /** Takes over the connection of a request that asks for an upgrade. */
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
}

/** Commands at once on one agent; each is a process of this machine. */
const MAX_RUNNING = 64
/** One message of a client. */
const MAX_MESSAGE_BYTES = 4 * 2 ** 20

/** `kubectl exec` as a kubelet serves it, over WebSocket. */
export const createExecServer = (find: FindTarget, log: (message: string) => void): ExecServer => {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    handleProtocols: (offered) => EXEC_PROTOCOLS.find((protocol) => offered.has(protocol)) ?? false,
  })
  return {
    onUpgrade: (request, socket, head) => {
      socket.on('error', () => socket.destroy())
      const parsed = parseExec(new URL(request.url ?? '/', 'https://node'))
      if (!parsed.ok) return refuse(socket, parsed.status, parsed.message)
      const problem = notSpoken(request)
      if (problem !== null) return refuse(socket, 400, problem)
      if (server.clients.size >= MAX_RUNNING) return refuse(socket, 429, `${MAX_RUNNING} commands are running already`)
      const target = find(parsed.request)
      if ('status' in target) return refuse(socket, target.status, target.message)
      server.handleUpgrade(request, socket, head, (client) => {
        serveExec(client, target, parsed.request).catch((error: unknown) => {
          log(`exec in ${parsed.request.namespace}/${parsed.request.pod}: ${errorMessage(error)}`)
          client.terminate()
        })
      })
    },
  }
}

/** As an object of the API, on a connection that has not been upgraded: kubectl shows its message. */
export const refuse = (socket: Duplex, code: number, message: string): void => {
  const body = JSON.stringify(failure(code, message))
  const head = [
    `HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ''}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

export const failure = (code: number, message: string): Record<string, unknown> => ({
  apiVersion: 'v1',
  kind: 'Status',
  metadata: {},
  status: 'Failure',
  code,
  reason: (STATUS_CODES[code] ?? '').replaceAll(' ', ''),
  message,
})

// --- Internal helpers ---

const notSpoken = ({ headers }: IncomingMessage): string | null => {
  const upgrade = headers.upgrade?.toLowerCase() ?? 'nothing'
  if (upgrade !== 'websocket')
    return `expected an upgrade to WebSocket, found ${upgrade}: kubectl 1.31 and later ask for one`
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((protocol) => protocol.trim())
  if (EXEC_PROTOCOLS.some((protocol) => offered.includes(protocol))) return null
  return `expected one of the protocols ${EXEC_PROTOCOLS.join(', ')}, found ${offered.join(', ') || 'none'}`
}
