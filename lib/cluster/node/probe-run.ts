import { spawn } from 'node:child_process'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import { errorMessage } from '../../core/errors.ts'
import type { V1Container, V1HTTPGetAction, V1LifecycleHandler, V1Probe } from '../../kube/pod-types.ts'
import type { Launch } from './instance.ts'
import type { Kill } from './leftovers.ts'

export interface Answer {
  ok: boolean
  message: string
}

export interface ProbeTarget {
  container: V1Container
  podIP: string
  /** The environment and folder of the running container, for exec. */
  launch: Launch
  /** Of exec's own argv: mount paths. */
  rewrite(text: string): string
  kill: Kill
}

type Handler = Pick<V1Probe, 'httpGet' | 'tcpSocket' | 'exec' | 'grpc'> & Pick<V1LifecycleHandler, 'sleep'>

/** Asks once, as the kubelet does for a probe or a hook. Never rejects. */
export const runHandler = async (target: ProbeTarget, handler: Handler, timeoutMs: number): Promise<Answer> => {
  const { httpGet, tcpSocket, exec, sleep } = handler
  try {
    if (httpGet) return await httpProbe(httpGet, target, timeoutMs)
    if (tcpSocket) {
      return await tcpProbe(tcpSocket.host ?? target.podIP, portNumber(tcpSocket.port, target.container), timeoutMs)
    }
    if (exec) return await execProbe((exec.command ?? []).map(target.rewrite), target, timeoutMs)
    if (sleep) return await new Promise((resolve) => setTimeout(() => resolve(OK), sleep.seconds * 1_000).unref())
    return { ok: false, message: 'the embedded cluster has no gRPC probes: use httpGet, tcpSocket or exec' }
  } catch (error) {
    return { ok: false, message: errorMessage(error) }
  }
}

// --- Internal helpers ---

const OK: Answer = { ok: true, message: '' }
const MAX_REDIRECTS = 10
const MAX_BODY = 300

const portNumber = (port: number | string, { ports = [] }: V1Container): number => {
  const number = Number(port)
  if (Number.isInteger(number) && number > 0) return number
  const named = ports.find(({ name }) => name === port)
  if (named === undefined) throw new Error(`couldn't find port: ${port}`)
  return named.containerPort
}

const httpProbe = async (action: V1HTTPGetAction, target: ProbeTarget, timeoutMs: number): Promise<Answer> => {
  const scheme = (action.scheme ?? 'HTTP').toLowerCase()
  const host = action.host ?? target.podIP
  const path = action.path ?? '/'
  let url = new URL(
    `${scheme}://${host}:${portNumber(action.port, target.container)}${path.startsWith('/') ? '' : '/'}${path}`,
  )
  const headers: Record<string, string> = { 'user-agent': 'kube-probe/1.34', accept: '*/*' }
  for (const { name, value } of action.httpHeaders ?? []) headers[name.toLowerCase()] = value
  const deadline = performance.now() + timeoutMs
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const { status, location, body } = await httpGet(url, headers, deadline - performance.now())
    if (status < 200 || status >= 400) {
      return { ok: false, message: `HTTP probe failed with statuscode: ${status}${body === '' ? '' : `: ${body}`}` }
    }
    const next = location === null ? null : new URL(location, url)
    // A redirect to another host counts as an answer.
    if (status < 300 || next === null || next.hostname !== url.hostname) return OK
    url = next
  }
  return { ok: false, message: `stopped after ${MAX_REDIRECTS} redirects` }
}

const httpGet = (
  url: URL,
  headers: Record<string, string>,
  timeoutMs: number,
): Promise<{ status: number; location: string | null; body: string }> =>
  new Promise((resolve, reject) => {
    const late = setTimeout(
      () => outgoing.destroy(new Error(`Get "${url}": context deadline exceeded`)),
      Math.max(1, timeoutMs),
    )
    const options = { headers, agent: false, rejectUnauthorized: false }
    const outgoing = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (body = (body + chunk).slice(0, MAX_BODY)))
      response.on('error', reject)
      response.on('end', () => {
        clearTimeout(late)
        resolve({ status: response.statusCode ?? 0, location: response.headers.location ?? null, body: body.trim() })
      })
    })
    outgoing.on('error', (error) => {
      clearTimeout(late)
      reject(new Error(`Get "${url}": ${error.message}`))
    })
    outgoing.end()
  })

const tcpProbe = (host: string, port: number, timeoutMs: number): Promise<Answer> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs })
    const answer = (result: Answer): void => {
      socket.destroy()
      resolve(result)
    }
    socket.on('connect', () => answer(OK))
    socket.on('timeout', () => answer({ ok: false, message: `dial tcp ${host}:${port}: i/o timeout` }))
    socket.on('error', ({ message }) => answer({ ok: false, message: `dial tcp ${host}:${port}: ${message}` }))
  })

const execProbe = (command: string[], { launch, kill }: ProbeTarget, timeoutMs: number): Promise<Answer> =>
  new Promise((resolve) => {
    const [file = '', ...args] = command
    const child = spawn(file, args, {
      cwd: launch.cwd,
      env: launch.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const end = (result: Answer): void => {
      clearTimeout(late)
      try {
        if (child.pid !== undefined) kill(-child.pid, 'SIGKILL')
      } catch {
        // Nothing of it runs any more.
      }
      resolve(result)
    }
    const late = setTimeout(() => {
      end({ ok: false, message: `command "${command.join(' ')}" timed out after ${timeoutMs / 1_000}s` })
    }, timeoutMs)
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(0, MAX_BODY)))
    }
    child.on('error', ({ message }) => end({ ok: false, message }))
    child.on('exit', (code) => end({ ok: code === 0, message: output.trim() || `exit code ${code}` }))
  })
