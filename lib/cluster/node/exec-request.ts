/** What an exec asks for, as the API server hands it on: `/exec/NAMESPACE/POD/CONTAINER?command=…&output=1`. */
export interface ExecRequest {
  namespace: string
  pod: string
  container: string
  command: string[]
  stdin: boolean
  stdout: boolean
  stderr: boolean
}

/** The subprotocols of remote commands over WebSocket that are spoken here, the preferred one first; v5 can also close stdin. */
export const EXEC_PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const

/** A refusal says why, for kubectl to show. */
export type ParsedExec = { ok: true; request: ExecRequest } | { ok: false; status: number; message: string }

export const parseExec = (url: URL): ParsedExec => {
  const [what, namespace = '', pod = '', container = '', ...more] = url.pathname
    .split('/')
    .filter(Boolean)
    .map(decodeURIComponent)
  if (what !== 'exec' || container === '' || more.length > 0) return refuse(404, 'Not Found')
  const asks = (name: string): boolean => url.searchParams.get(name) === '1'
  const command = url.searchParams.getAll('command')
  if (command.length === 0) return refuse(400, 'expected a command to run, found none')
  if (asks('tty')) return refuse(501, 'the embedded cluster has no terminals: leave out --tty (-t)')
  const streams = { stdin: asks('input'), stdout: asks('output'), stderr: asks('error') }
  if (!Object.values(streams).includes(true))
    return refuse(400, 'expected a stream (stdin, stdout, stderr), found none')
  return { ok: true, request: { namespace, pod, container, command, ...streams } }
}

// --- Internal helpers ---

const refuse = (status: number, message: string): ParsedExec => ({ ok: false, status, message })
