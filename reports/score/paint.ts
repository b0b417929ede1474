import type { Outcome } from '../../lib/core/verdict.ts'

type Brush = (text: string) => string

/** How each outcome looks on a terminal; the identity where colour is off. */
export type Paint = Record<Outcome | 'bold' | 'dim', Brush>

export const paint = (colour: boolean): Paint => {
  const code = (open: number, close: number): Brush => {
    return colour ? (text) => `\u001B[${open}m${text}\u001B[${close}m` : (text) => text
  }
  return { pass: code(32, 39), fail: code(31, 39), unknown: code(33, 39), bold: code(1, 22), dim: code(2, 22) }
}
