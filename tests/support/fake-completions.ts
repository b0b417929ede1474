import { createServer } from 'node:http'
import { json, text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { listen } from './listen.ts'

const Body = z.looseObject({ max_tokens: z.number(), model: z.string() })

/** A request as it came. */
export interface Asked {
  at: number
  body: z.infer<typeof Body>
  /** Its client left. */
  isGone: boolean
}
const event = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`

/** A server of /v1/chat/completions that streams a token every `gapMs`, takes Prometheus' remote write, and answers its queries. */
export const startFakeCompletions = async (gapMs: number) => {
  let writes = 0
  let queried: (promql: string) => number | null | 'down' = () => null
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    void (async () => {
      if (request.url === '/api/v1/write') {
        writes++
        request.resume().on('end', () => response.writeHead(204).end())
        return
      }
      if (request.url === '/api/v1/query') {
        const value = queried(new URLSearchParams(await text(request)).get('query') ?? '')
        if (value === 'down') return void response.writeHead(503).end()
        const result = value === null ? [] : [{ metric: {}, value: [Date.now() / 1_000, String(value)] }]
        response.setHeader('content-type', 'application/json')
        response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }))
        return
      }
      if (!request.url?.startsWith('/v1/')) {
        request.resume().on('end', () => response.writeHead(404).end())
        return
      }
      const body = Body.parse(await json(request))
      const { max_tokens: tokens } = body
      const one: Asked = { at: Date.now(), body, isGone: false }
      asked.push(one)
      response.on('close', () => (one.isGone = !response.writableFinished))
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
  return {
    ...(await listen(server)),
    writes: () => writes,
    asked: (): readonly Asked[] => asked,
    /** What Prometheus says from now on; null for nothing. */
    answerQueries: (answer: typeof queried) => void (queried = answer),
  }
}
