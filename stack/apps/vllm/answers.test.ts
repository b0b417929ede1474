import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openServer, type TestServer } from './testing/open-server.ts'

/**
 * Requests and what a real vLLM 0.32.0 (developer mode) answered them. Errors have to be the same letter by letter,
 * answers have to have the same fields; where `answer` is null, the status alone counts: of a union of message types
 * vLLM lists the errors of each.
 */
const Recorded = z.array(
  z.object({
    name: z.string(),
    method: z.string(),
    path: z.string(),
    headers: z.record(z.string(), z.string()),
    body: z.string().nullable(),
    status: z.number(),
    contentType: z.string().nullable(),
    answer: z.string().nullable(),
  }),
)
const FILE = new URL('fixtures/answers-0.32.0.json', import.meta.url)
const recorded = Recorded.parse(JSON.parse(readFileSync(FILE, 'utf8')))

let server: TestServer
beforeAll(async () => {
  server = await openServer({ devMode: true })
})
afterAll(() => server[Symbol.asyncDispose]())

describe('answers as vLLM 0.32.0 does', () => {
  test.each(recorded)('$name: $method $path', async ({ method, path, headers, body, status, contentType, answer }) => {
    const response = await fetch(server.url + path, { method, headers, body })
    const text = await response.text()
    expect({ status: response.status, text }).toEqual({ status, text: expect.any(String) })
    expect(response.headers.get('content-type')).toBe(contentType)
    if (answer === null) return
    if (status !== 200) expect(text).toBe(answer)
    else expect(shapes(text)).toEqual(shapes(answer))
  })
})

// --- Internal helpers ---

/** Of each event of a stream, in no order: choices of one answer take turns as they like. Of a body, of the whole. */
const shapes = (text: string): string[] =>
  text.startsWith('data: ')
    ? text
        .trim()
        .split('\n\n')
        .map((event) => event.slice('data: '.length))
        .map((event) => (event === '[DONE]' ? event : shapeText(event)))
        .sort()
    : [text === '' ? '' : shapeText(text)]

const shapeText = (json: string): string => JSON.stringify(shape(JSON.parse(json)))

/** Fields in their order, what is null, true or false, and how many choices there are. */
const shape = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.every((item) => typeof item !== 'object') ? ['…'] : value.map(shape)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, shape(field)]))
  }
  return typeof value === 'string' ? '…' : typeof value === 'number' ? 0 : value
}
