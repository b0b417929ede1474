import { END_OF_TURN } from './words.ts'

export interface Turn {
  role: string
  content: string
}

const BYTES_PER_TOKEN = 4
const HEADER_TOKENS = 4

/**
 * The emulated tokenizer: four bytes of UTF-8 are one token (English text has about 4.2 under the tokenizers of
 * current models), the last one padded. Two prompts share their first tokens exactly where they share their first bytes.
 */
export const tokenize = (text: string): Uint32Array => {
  const bytes = encoder.encode(text)
  const tokens = new Uint32Array(Math.ceil(bytes.length / BYTES_PER_TOKEN))
  new Uint8Array(tokens.buffer).set(bytes)
  return tokens
}

/**
 * A chat as one prompt: per turn a header of four tokens, the content, an end; then the header that asks for the answer.
 * Turns are tokenized one by one, so an answer that comes back as a turn continues the cached blocks of its request.
 */
export const tokenizeChat = (turns: readonly Turn[]): Uint32Array => {
  const encoded = turns.map(({ role, content }) => ({ role, bytes: encoder.encode(content) }))
  let length = HEADER_TOKENS
  for (const { bytes } of encoded) length += HEADER_TOKENS + Math.ceil(bytes.length / BYTES_PER_TOKEN) + 1
  const tokens = new Uint32Array(length)
  const view = new Uint8Array(tokens.buffer)
  let at = 0
  for (const { role, bytes } of encoded) {
    at = writeHeader(tokens, at, role)
    view.set(bytes, at * BYTES_PER_TOKEN)
    at += Math.ceil(bytes.length / BYTES_PER_TOKEN)
    tokens[at++] = END_OF_TURN
  }
  writeHeader(tokens, at, 'assistant')
  return tokens
}

/** The text of tokens; padding and the end of a turn have none, and neither has an id that is no token. */
export const detokenize = (tokens: readonly number[]): string => {
  const known = tokens.filter((token) => token <= LARGEST_TOKEN && token !== END_OF_TURN)
  return decoder.decode(new Uint8Array(Uint32Array.from(known).buffer).filter((byte) => byte !== 0))
}

/** Token ids are four bytes. */
export const LARGEST_TOKEN = 0xff_ff_ff_ff

// --- Internal helpers ---

const decoder = new TextDecoder()
const encoder = new TextEncoder()

const writeHeader = (tokens: Uint32Array, at: number, role: string): number => {
  const header = new Uint8Array(HEADER_TOKENS * BYTES_PER_TOKEN)
  encoder.encodeInto(`<|${role}|>\n`, header)
  tokens.set(new Uint32Array(header.buffer), at)
  return at + HEADER_TOKENS
}
