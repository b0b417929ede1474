import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { changesNothing, type RequestChange, transformBody } from './transform.ts'

const off: RequestChange = { contextTokens: 0, maxTokens: 0, uniquePrefix: false }
const identity = { nonce: 'n-1', now: Date.UTC(2026, 10, 1) }

const changed = (body: unknown, change: Partial<RequestChange>, who = identity) =>
  JSON.parse(transformBody(Buffer.from(JSON.stringify(body)), { ...off, ...change }, who).toString())

const user = { role: 'user', content: 'hi' }

test('context of four bytes a token goes in front, as a system message of its own', () => {
  const { messages } = changed({ messages: [user] }, { contextTokens: 3_000 })
  expect(messages).toHaveLength(2)
  expect(messages[0].role).toBe('system')
  expect(messages[0].content.trimEnd().length / 4).toBeCloseTo(3_000, -1)
  expect(messages[1]).toEqual(user)
})

test('context goes into the system message that there is: chat templates take one', () => {
  const system = { role: 'system', content: 'Be brief.' }
  const [first, ...rest] = changed({ messages: [system, user] }, { contextTokens: 10 }).messages
  expect(first.content).toMatch(/^n-1 context: .*Be brief\.$/s)
  expect(rest).toEqual([user])
  const parts = { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] }
  expect(changed({ messages: [parts] }, { uniquePrefix: true }).messages[0].content).toEqual([
    { type: 'text', text: '[2026-11-01T00:00:00.000Z n-1] ' },
    { type: 'text', text: 'Be brief.' },
  ])
})

test('prompts of completions: a text, several, and token ids', () => {
  expect(changed({ prompt: 'hi' }, { uniquePrefix: true }).prompt).toBe('[2026-11-01T00:00:00.000Z n-1] hi')
  expect(changed({ prompt: ['a', 'b'] }, { uniquePrefix: true }).prompt).toEqual([
    '[2026-11-01T00:00:00.000Z n-1] a',
    '[2026-11-01T00:00:00.000Z n-1] b',
  ])
  expect(changed({ prompt: [1, 2, 3] }, { uniquePrefix: true }).prompt).toEqual([1, 2, 3])
})

test('a runaway limit replaces every limit that the client set', () => {
  expect(changed({ prompt: 'hi', max_tokens: 16 }, { maxTokens: 4_000 })).toEqual({
    prompt: 'hi',
    max_tokens: 4_000,
    ignore_eos: true,
  })
  const both = changed({ messages: [user], max_completion_tokens: 16 }, { maxTokens: 4_000 })
  expect(both).toMatchObject({ max_tokens: 4_000, max_completion_tokens: 4_000, ignore_eos: true })
})

test('two requests share no prefix that a KV block could hold', () => {
  const text = (nonce: string, change: Partial<RequestChange>): string =>
    changed({ messages: [user] }, change, { ...identity, nonce }).messages[0].content
  fc.assert(
    fc.property(fc.uuid(), fc.uuid(), fc.boolean(), (one, other, uniquePrefix) => {
      fc.pre(one !== other)
      const [a, b] = [one, other].map((nonce) => text(nonce, { contextTokens: 500, uniquePrefix })) as [string, string]
      let shared = 0
      while (a[shared] === b[shared]) shared += 1
      expect(shared).toBeLessThan(26 + 36)
    }),
  )
})

test('what is not a request of the API stays as it is: the engine says what is wrong with it', () => {
  for (const text of ['', '{', 'null', '[]', '"text"', '{"messages":"hi"}', '{"messages":[1]}']) {
    const change = { contextTokens: 10, maxTokens: 10, uniquePrefix: true }
    expect(transformBody(Buffer.from(text), change, identity).toString()).toBe(text)
  }
})

test('every other field of a request survives', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ minLength: 2 }), fc.jsonValue()), (extra) => {
      // Schemas drop it, for the safety of whoever merges the object.
      fc.pre(!Object.hasOwn(extra, '__proto__'))
      const { messages: _, prompt: __, max_completion_tokens: ___, ...rest } = { ...extra } as Record<string, unknown>
      const body = JSON.parse(JSON.stringify({ ...rest, messages: [user], max_tokens: 1, ignore_eos: false }))
      const { messages, max_tokens, ignore_eos, ...after } = changed(body, { contextTokens: 5, maxTokens: 7 })
      const { messages: _m, max_tokens: _t, ignore_eos: _i, ...before } = body
      expect(after).toEqual(before)
      expect([messages.length, max_tokens, ignore_eos]).toEqual([2, 7, true])
    }),
  )
})

test('all off changes nothing', () => {
  expect(changesNothing(off)).toBe(true)
  expect(changesNothing({ ...off, uniquePrefix: true })).toBe(false)
})
