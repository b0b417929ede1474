import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'

export interface ReceivedCall {
  path: string
  headers: IncomingHttpHeaders
  body: string
  response: ServerResponse
  /** Resolves when the gateway has let go of the call. */
  closed: Promise<unknown>
}

export interface FakeEngine {
  host: string
  port: number
  calls: ReceivedCall[]
  /** Resolves with the call of this number (from 0), once it has come. */
  call(index: number): Promise<ReceivedCall>
  close(): Promise<void>
}

/** A server that takes OpenAI requests and leaves the answers to the test. */
export const startFakeEngine = async (
  host: string,
  port = 0,
  answer: (call: ReceivedCall) => void = () => undefined,
): Promise<FakeEngine> => {
  const calls: ReceivedCall[] = []
  const waiting = new Map<number, (call: ReceivedCall) => void>()
  const server = createServer((request, response) => {
    void text(request)
      .then((body) => {
        const call = {
          path: request.url ?? '',
          headers: request.headers,
          body,
          response,
          closed: once(response, 'close'),
        }
        calls.push(call)
        waiting.get(calls.length - 1)?.(call)
        answer(call)
      })
      .catch(() => undefined)
  })
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address()
  return {
    host,
    port: address !== null && typeof address === 'object' ? address.port : 0,
    calls,
    call: (index) =>
      new Promise((resolve) => {
        const known = calls[index]
        if (known === undefined) waiting.set(index, resolve)
        else resolve(known)
      }),
    close: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

export const sseChunk = (content: string): string =>
  `data: ${JSON.stringify({ object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content } }] })}\n\n`

/** A whole streamed answer at once. */
export const answerAll = ({ response }: ReceivedCall): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
  response.end(`${sseChunk('hello')}data: [DONE]\n\n`)
}
