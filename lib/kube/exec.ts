import { Agent, type IncomingMessage } from 'node:http'
import type { RequestOptions } from 'node:https'
import { text } from 'node:stream/consumers'
import { ApiException } from '@kubernetes/client-node'
import { type ClientOptions, WebSocket } from 'ws'
import { z } from 'zod'
import type { KubeConnection } from './connection.ts'

export interface ExecOptions {
  namespace: string
  pod: string
  container: string
  command: readonly string[]
  /** Of the whole, from the connection to the exit. */
  timeoutMs: number
}

export interface ExecResult {
  exitCode: number
  stdout: string
  stderr: string
}

/**
 * Runs a command in a container to its end, as `kubectl exec` does. Throws client-node's ApiException where the API server or the
 * node refuses. Written on WebSocket itself: the library's Exec does not tell a broken connection from one that is still silent,
 * and its error for a refusal carries neither status nor message.
 */
export const execCommand = async ({ config }: KubeConnection, options: ExecOptions): Promise<ExecResult> => {
  const { namespace, pod, container, command, timeoutMs } = options
  const server = (config.getCurrentCluster()?.server ?? '').replace(/\/+$/, '').replace(/^http/, 'ws')
  const query = new URLSearchParams({ container, stdout: 'true', stderr: 'true' })
  for (const word of command) query.append('command', word)
  const auth: RequestOptions = {}
  await config.applyToHTTPSOptions(auth)
  const url = `${server}/api/v1/namespaces/${namespace}/pods/${pod}/exec?${query}`
  const socket = new WebSocket(url, PROTOCOLS, { ...clientOptions(auth), maxPayload: MAX_MESSAGE_BYTES })
  const late = setTimeout(() => socket.terminate(), timeoutMs)
  try {
    const what = `${command[0]} in ${namespace}/${pod}`
    const { status, ...output } = await conversation(socket, what)
    return { exitCode: exitCode(what, status), ...output }
  } finally {
    clearTimeout(late)
    socket.terminate()
  }
}

// --- Internal helpers ---

const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io']
const MAX_MESSAGE_BYTES = 4 * 2 ** 20
/** What is kept of each stream; a command that faults run says little. */
const MAX_OUTPUT = 256 * 1_024

const STDOUT = 1
const STDERR = 2
const STATUS = 3

const Status = z.object({
  status: z.string(),
  message: z.string().default(''),
  details: z.object({ causes: z.array(z.object({ reason: z.string(), message: z.string() })).default([]) }).optional(),
})

const clientOptions = ({ ca, cert, key, headers, rejectUnauthorized, agent }: RequestOptions): ClientOptions => ({
  ...(ca === undefined ? {} : { ca }),
  ...(cert === undefined ? {} : { cert }),
  ...(key === undefined ? {} : { key }),
  ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  ...(agent instanceof Agent ? { agent } : {}),
  headers: Object.fromEntries(
    Object.entries(headers ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  ),
})

const conversation = (socket: WebSocket, what: string): Promise<{ status: string; stdout: string; stderr: string }> =>
  new Promise((resolve, reject) => {
    const output = { [STDOUT]: '', [STDERR]: '' }
    let status = ''
    socket.on('unexpected-response', (_, response) => void refusal(what, response).then(reject, reject))
    socket.on('error', reject)
    socket.on('message', (data: Buffer) => {
      const [channel] = data
      const part = data.subarray(1).toString()
      if (channel === STDOUT || channel === STDERR) output[channel] = (output[channel] + part).slice(0, MAX_OUTPUT)
      else if (channel === STATUS) status += part
    })
    socket.on('close', () => {
      if (status === '') reject(new Error(`${what} did not end within its time, or the connection was lost`))
      else resolve({ status, stdout: output[STDOUT], stderr: output[STDERR] })
    })
  })

const exitCode = (what: string, reported: string): number => {
  const { status, message, details } = Status.parse(JSON.parse(reported))
  if (status === 'Success') return 0
  const cause = details?.causes.find(({ reason }) => reason === 'ExitCode')
  if (cause === undefined) throw new Error(`${what} could not be run: ${message}`)
  return Number(cause.message)
}

const refusal = async (what: string, response: IncomingMessage): Promise<ApiException<string>> => {
  const body = await text(response)
  const code = response.statusCode ?? 0
  const error = new ApiException(code, '', body, {})
  // Its own message repeats the whole body.
  error.message = `${what}: ${code} ${statusMessage(body)}`
  return error
}

const statusMessage = (body: string): string => {
  try {
    return z.object({ message: z.string() }).parse(JSON.parse(body)).message
  } catch {
    return body
  }
}
