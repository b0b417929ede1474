import type { Batch } from '../engine/types.ts'

/** What a step costs on one machine with one model, in milliseconds. */
export interface StepCost {
  /** Of every step: launching the kernels, reading the weights, scheduling. */
  baseMs: number
  /** Per token of a prompt chunk: the matrix products of the layers. */
  prefillMs: number
  /** Per pair of a chunk's token and a token that it attends to: the attention's products. */
  pairMs: number
  /** Per decoding sequence: its share of the products, sampling, and the way of its token to the front end. */
  decodeMs: number
  /** Per token of the decoding sequences' context: reading its keys and values. */
  contextMs: number
  /** Per decoding sequence beyond `CROWD`, on top: what many open streams take from an engine that shares its cores. */
  crowdMs: number
  /** Per request in the waiting queue, up to `QUEUE`: what else is open, and takes from the same cores. */
  waitingMs: number
}

/** Found with the recordings, where engine, front end and clients share two cores. */
export const CROWD = 20
/** The recordings' longest queue had 39. One that waits does nothing: a step does not grow with every thousand of them. */
export const QUEUE = 40

/** Milliseconds of a step, never below `floorMs`. */
export const stepTime =
  ({ baseMs, prefillMs, pairMs, decodeMs, contextMs, crowdMs, waitingMs }: StepCost, floorMs = 0) =>
  ({ prefillTokens, prefillPairs, decodeSequences, contextTokens, waitingRequests }: Batch): number =>
    Math.max(
      floorMs,
      baseMs +
        prefillMs * prefillTokens +
        pairMs * prefillPairs +
        decodeMs * decodeSequences +
        contextMs * contextTokens +
        crowdMs * Math.max(0, decodeSequences - CROWD) +
        waitingMs * Math.min(QUEUE, waitingRequests),
    )
