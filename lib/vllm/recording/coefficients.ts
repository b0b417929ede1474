import type { FrontEndCost } from '../hardware/front-end-cost.ts'
import { CROWD, QUEUE, type StepCost } from '../hardware/step-cost.ts'

/** All that a fit finds; a hardware preset has them, too. */
export type Coefficients = StepCost & FrontEndCost

/** In the order in which the search takes them. */
export const COEFFICIENTS: readonly { name: keyof Coefficients; what: string }[] = [
  { name: 'baseMs', what: 'every step' },
  { name: 'prefillMs', what: 'a token of a prompt chunk' },
  { name: 'pairMs', what: "a pair of a chunk's token and one that it attends to" },
  { name: 'decodeMs', what: 'a decoding sequence' },
  { name: 'contextMs', what: "a token of the decoding sequences' context" },
  { name: 'crowdMs', what: `a decoding sequence beyond ${CROWD}, on top` },
  { name: 'waitingMs', what: `a request in the waiting queue, of ${QUEUE} at most` },
  { name: 'requestMs', what: "from a request's start to the engine's queue" },
  { name: 'replyMs', what: "from a step's end to the client" },
]

/** The coefficients alone, of whatever has more. */
export const pickCoefficients = ({
  baseMs,
  prefillMs,
  pairMs,
  decodeMs,
  contextMs,
  crowdMs,
  waitingMs,
  requestMs,
  replyMs,
}: Coefficients): Coefficients => ({
  baseMs,
  prefillMs,
  pairMs,
  decodeMs,
  contextMs,
  crowdMs,
  waitingMs,
  requestMs,
  replyMs,
})

/** From values in the order of `COEFFICIENTS`. */
export const coefficientsOf = (values: readonly number[]): Coefficients => {
  const value = (index: number): number => values[index] ?? Number.NaN
  return {
    baseMs: value(0),
    prefillMs: value(1),
    pairMs: value(2),
    decodeMs: value(3),
    contextMs: value(4),
    crowdMs: value(5),
    waitingMs: value(6),
    requestMs: value(7),
    replyMs: value(8),
  }
}
