import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pythonJsonError } from './python-json.ts'

/** As CPython's json module puts it. */
describe('what Python says of a text that is no JSON', () => {
  test.each([
    ['{', 1, 'Expecting property name enclosed in double quotes'],
    ['{"a" 1}', 5, "Expecting ':' delimiter"],
    ['{"a": tiny}', 6, 'Expecting value'],
    ['{"a": 1 "b": 2}', 8, "Expecting ',' delimiter"],
    ['[1, 2', 5, "Expecting ',' delimiter"],
    ['[1,]', 3, 'Expecting value'],
    ['{"a":1,}', 7, 'Expecting property name enclosed in double quotes'],
    ['"\\u12"', 2, 'Invalid \\uXXXX escape'],
    ['"abc', 0, 'Unterminated string starting at'],
    ['"a\nb"', 2, 'Invalid control character at'],
    ['"\\x"', 1, 'Invalid \\escape'],
    ['{} {}', 3, 'Extra data'],
    ['', 0, 'Expecting value'],
    [' \n x', 3, 'Expecting value'],
  ])('%j', (text, position, message) => expect(pythonJsonError(text)).toEqual({ position, message }))

  test('is something, wherever JSON.parse finds something', () => {
    const broken = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom('', '{', ']', ',', '"', 'x', '\\', '\u0000'))
      .map(([json, at, put]) => json.slice(0, at % (json.length + 1)) + put + json.slice((at % (json.length + 1)) + 1))
      .filter((text) => !parses(text))
    fc.assert(
      fc.property(broken, (text) => {
        const { position, message } = pythonJsonError(text)
        expect(message).not.toBe('')
        expect(position).toBeGreaterThanOrEqual(0)
        expect(position).toBeLessThanOrEqual(text.length)
      }),
    )
  })
})

const parses = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
