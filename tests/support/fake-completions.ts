import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { listen } from './listen.ts'

const Body = z.object({ max_tokens: z.number(), model: z.string() })
const event = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`

/** A server of /v1/chat/completions that streams a token every `gapMs`, and takes Prometheus' remote write. */
export const startFakeCompletions = async (gapMs: number) => {
  let writes = 0
  const server = createServer((request, response) => {
    void (async () => {
      if (request.url === '/api/v1/write') {
        writes++
        request.resume().on('end', () => response.writeHead(204).end())
        return
      }
      if (!request.url?.startsWith('/v1/')) {
        request.resume().on('end', () => response.writeHead(404).end())
        return
      }
      const { max_tokens: tokens } = Body.parse(await json(request))
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-upstream': 'vllm-0' })
      for (let token = 0; token < tokens; token++) {
        await delay(gapMs)
        const finish_reason = token === tokens - 1 ? 'length' : null
        response.write(event({ choices: [{ index: 0, delta: { content: 'a' }, finish_reason }] }))
      }
      response.write(event({ choices: [], usage: { prompt_tokens: 9, completion_tokens: tokens } }))
      response.end('data: [DONE]\n\n')
    })()
  })
  return { ...(await listen(server)), writes: () => writes }
}
