import type { Readable } from 'node:stream'
import { type RawData, WebSocket } from 'ws'
import { EXEC_PROTOCOLS, type ExecRequest } from './exec-request.ts'
import { type ExecTarget, startExec } from './exec-process.ts'

/** The first byte of each message says which stream it belongs to. */
const STDIN = 0
const STDOUT = 1
const STDERR = 2
const STATUS = 3
/** Only v5: the next byte names the stream that ends. */
const CLOSE = 255

/** How long the output of an ended command is waited for: a child in the background may hold it open. */
const DRAIN_MS = 500

/** Runs the command over the socket to its end. What the client abandons is killed. */
export const serveExec = async (socket: WebSocket, target: ExecTarget, request: ExecRequest): Promise<void> => {
  const run = startExec(target, request.command, request)
  const gone = new Promise<void>((resolve) => {
    socket.once('close', resolve)
  })
  socket.on('error', () => socket.terminate())
  let ended = false
  void gone.then(() => ended || run.kill())

  socket.on('message', (data: RawData) => {
    const message = bytes(data)
    const [channel, stream] = message
    if (run.stdin === null) return
    if (channel === STDIN && message.length > 1 && !run.stdin.write(message.subarray(1))) {
      socket.pause()
      run.stdin.once('drain', () => socket.resume())
    }
    if (channel === CLOSE && stream === STDIN && socket.protocol === EXEC_PROTOCOLS[0]) run.stdin.end()
  })
  // As a kubelet: an empty message on the first stream says that the command is there.
  await send(socket, request.stdout ? STDOUT : request.stderr ? STDERR : STATUS, Buffer.alloc(0))
  const output = Promise.all([pump(socket, STDOUT, run.stdout), pump(socket, STDERR, run.stderr)])
  const status = await Promise.race([run.done, gone])
  if (status === undefined) return
  // From here on nothing is killed: what the command left in the background goes on, as in a container.
  ended = true
  await Promise.race([output, new Promise((resolve) => setTimeout(resolve, DRAIN_MS))])
  await send(socket, STATUS, Buffer.from(JSON.stringify(status)))
  // Paused where the command did not read all that it was sent; the client's goodbye is to be read.
  socket.resume()
  socket.close(1_000)
  run.stdout?.destroy()
  run.stderr?.destroy()
}

// --- Internal helpers ---

const bytes = (data: RawData): Buffer =>
  Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data)

/** Resolves when it has left for the network, so that output waits for a slow reader; also where the reader is gone. */
const send = (socket: WebSocket, channel: number, data: Buffer): Promise<void> =>
  new Promise((resolve) => {
    if (socket.readyState !== WebSocket.OPEN) resolve()
    else socket.send(Buffer.concat([Buffer.from([channel]), data]), () => resolve())
  })

const pump = async (socket: WebSocket, channel: number, stream: Readable | null): Promise<void> => {
  if (stream === null) return
  try {
    for await (const chunk of stream) await send(socket, channel, chunk)
  } catch {
    // Destroyed: the command has ended, and its children in the background kept the stream.
  }
}
