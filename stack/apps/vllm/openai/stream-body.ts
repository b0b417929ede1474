import type { ServerResponse } from 'node:http'
import type { Writable } from 'node:stream'

/** The body of a streamed answer, written to a client that may read slower than the engine computes. */
export interface StreamBody {
  /** Events, one or several. */
  write(events: string): void
  /** Text that `frame` made. */
  writeFrame(frame: string): void
  frame(events: string): string
  /** Whether the client is so far behind that nothing more should be written; `onDrain` tells when it has caught up. */
  full(): boolean
  onDrain(callback: () => void): void
  end(): void
}

/** uvicorn stops reading from the generator at this many unsent bytes (asyncio's high-water mark). */
const HIGH_WATER = 65_536

/**
 * Past node:http, straight to the socket with frames made here: a third of the CPU time of `response.write`. Where the
 * response is not at the head of its connection, or the client speaks HTTP/1.0, node:http does it.
 */
export const openBody = (response: ServerResponse): StreamBody => {
  response.flushHeaders()
  const { socket } = response
  if (socket === null || !response.chunkedEncoding) {
    return {
      write: (events) => void response.write(events, 'latin1'),
      writeFrame: (frame) => void response.write(frame, 'latin1'),
      frame: (events) => events,
      full: () => response.writableLength > HIGH_WATER,
      onDrain: drains(response),
      end: () => void response.end(),
    }
  }
  const send = (text: string): void => void (socket.destroyed || socket.write(text, 'latin1'))
  const frame = (events: string): string => `${events.length.toString(16)}\r\n${events}\r\n`
  return {
    write: (events) => send(frame(events)),
    writeFrame: send,
    frame,
    full: () => socket.writableLength > HIGH_WATER,
    onDrain: drains(socket),
    end: () => void response.end(),
  }
}

// --- Internal helpers ---

/** One listener for all choices of an answer. */
const drains = (stream: Writable): StreamBody['onDrain'] => {
  let callbacks: (() => void)[] = []
  const drained = (): void => {
    const now = callbacks
    callbacks = []
    for (const callback of now) callback()
  }
  return (callback) => {
    if (callbacks.length === 0) stream.once('drain', drained)
    callbacks.push(callback)
  }
}
