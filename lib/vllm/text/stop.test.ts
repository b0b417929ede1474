import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findStop } from './stop.ts'
import { outputText, outputToken } from './words.ts'

const textOf = (seed: number, tokens: number): string =>
  Array.from({ length: tokens }, (_, index) => outputText(seed, index)).join('')

const NONE = { strings: [], tokenIds: [], include: false, minTokens: 0 }

/** Any piece of an answer, from one character to a few tokens. */
const piece = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  from: fc.nat(200),
  length: fc.integer({ min: 1, max: 14 }),
  minTokens: fc.nat(20),
})

describe('an answer that is stopped', () => {
  test('ends before the first match, with the token that completes it, and includes it where asked', () => {
    fc.assert(
      fc.property(piece, ({ seed, from, length }) => {
        const text = textOf(seed, 100)
        const string = text.slice(from, from + length)
        const stop = findStop(seed, 100, { ...NONE, strings: [string] })
        const at = text.indexOf(string)
        expect(stop).toEqual({ tokens: Math.ceil((at + string.length) / 4), text: text.slice(0, at), reason: string })
        const included = findStop(seed, 100, { ...NONE, strings: [string], include: true })
        expect(included?.text).toBe(text.slice(0, at) + string)
      }),
    )
  })

  test('is not looked at before min_tokens', () => {
    fc.assert(
      fc.property(piece, ({ seed, from, length, minTokens }) => {
        const string = textOf(seed, 100).slice(from, from + length)
        const stop = findStop(seed, 100, { ...NONE, strings: [string], minTokens })
        if (stop === null) return
        expect(stop.tokens).toBeGreaterThan(minTokens)
        expect(textOf(seed, stop.tokens)).toContain(stop.text + string)
      }),
    )
  })

  test('by a token ends with that token, which has no text', () => {
    const id = outputToken(7, 30)
    const stop = findStop(7, 100, { ...NONE, tokenIds: [id] })
    const first = Array.from({ length: 31 }, (_, index) => outputToken(7, index)).indexOf(id)
    expect(stop).toEqual({ tokens: first + 1, text: textOf(7, first), reason: id })
  })

  test('by nothing that it says goes on', () => {
    expect(findStop(7, 100, { ...NONE, strings: ['Q'], tokenIds: [1] })).toBe(null)
    expect(findStop(7, 100, NONE)).toBe(null)
  })
})
