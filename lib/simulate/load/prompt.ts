import type { RequestChange } from '../../../stack/apps/gateway/flags/transform.ts'
import type { Sizes, TurnKey } from '../../k6/turn.ts'
import type { Workload } from '../../core/workload.ts'
import { outputToken } from '../../vllm/text/words.ts'

/** A prompt as the engine gets it: token ids that are the same where real prompts share their text, and only there. */
export interface Prompt {
  tokens: Uint32Array
  /** How many of them the chat template's last header has: an answer goes in front of none. */
  tail: number
}

export interface PromptMaker {
  first(key: TurnKey, sizes: Sizes): Prompt
  /** The chat so far, the answer, and the user's next message. */
  next(before: Prompt, answer: Uint32Array, own: number): Prompt
  /** As the gateway changes it for a flag. */
  changed(prompt: Prompt, change: RequestChange, nonce: number): Prompt
  /** Of an answer that comes back as a turn: the text that was generated, or as much of the load's own. */
  answer(outputSeed: number, tokens: number): Uint32Array
}

/** The emulator's chat template (lib/vllm/text/tokens.ts): a header of four tokens, the content, an end. */
const HEADER = 4
const END = 1

/** Kinds of tokens: every number below is drawn from one of these ranges, so that none is another's. */
const KIND = {
  systemHeader: 0x1000_0000,
  userHeader: 0x1100_0000,
  assistantHeader: 0x1200_0000,
  end: 0x1300_0000,
  shared: 0x2000_0000,
  pooled: 0x3000_0000,
  own: 0x4000_0000,
  scripted: 0x5000_0000,
  context: 0x6000_0000,
} as const

/** A gateway's time stamp and id at the front of a prompt are 64 bytes. */
const UNIQUE_PREFIX_TOKENS = 16

export const createPromptMaker = (workload: Workload): PromptMaker => {
  const isChat = workload.endpoint === 'chat'
  // Words that the server counts as one token each make prompts whole as drawn; calibrated ones have the template on top.
  const isExact =
    workload.promptTokenizer === 'server' || workload.promptTokenizer === 'ids' || workload.promptTokenizer === 'auto'
  const pooledTokens = workload.prefixes?.tokens ?? 0
  const cut = createSlab()

  const first = (key: TurnKey, { own, whole, prefix }: Sizes): Prompt => {
    const pooled = prefix === null ? 0 : pooledTokens
    const total = whole ?? workload.sharedPromptTokens + pooled + own
    const common = Math.min(workload.sharedPromptTokens, total - 1)
    const fromPool = Math.min(pooled, total - 1 - common)
    const hasFront = common + fromPool > 0
    const template = isChat ? HEADER + END + HEADER + (hasFront ? HEADER + END : 0) : 0
    const ownTokens = Math.max(1, total - common - fromPool - (isExact ? template : 0))
    const tokens = cut(common + fromPool + ownTokens + template)
    let at = 0
    if (isChat && hasFront) at = fill(tokens, at, HEADER, KIND.systemHeader)
    at = fill(tokens, at, common, KIND.shared)
    at = fill(tokens, at, fromPool, KIND.pooled + ((prefix ?? 0) + 1) * POOL_STRIDE)
    if (isChat && hasFront) at = fill(tokens, at, END, KIND.end)
    if (isChat) at = fill(tokens, at, HEADER, KIND.userHeader)
    at = open(tokens, fill(tokens, at, ownTokens, KIND.own), ownTokens, key)
    if (isChat) close(tokens, at)
    return { tokens, tail: isChat ? HEADER : 0 }
  }
  return {
    first,
    next: ({ tokens: before, tail }, answer, own) => {
      const template = END + HEADER + END + HEADER
      const ownTokens = Math.max(1, own - (isExact ? template : 0))
      const tokens = cut(before.length + answer.length + ownTokens + template)
      tokens.set(before)
      tokens.set(answer, before.length)
      let at = before.length + answer.length
      at = fill(tokens, at, END, KIND.end)
      at = fill(tokens, at, HEADER, KIND.userHeader)
      at = fill(tokens, at, ownTokens, KIND.scripted)
      close(tokens, at)
      return { tokens, tail }
    },
    changed: ({ tokens: before, tail }, { contextTokens, uniquePrefix }, nonce) => {
      const front = (uniquePrefix ? UNIQUE_PREFIX_TOKENS : 0) + (contextTokens === 0 ? 0 : contextTokens + 1)
      if (front === 0) return { tokens: before, tail }
      // Into the first system message; a prompt without one gets its own.
      const hasSystem = isChat && before[0] === KIND.systemHeader
      const wrapper = isChat && !hasSystem ? HEADER + END : 0
      const tokens = cut(before.length + front + wrapper)
      let at = isChat ? fill(tokens, 0, HEADER, KIND.systemHeader) : 0
      const from = at
      at = fill(tokens, at, front, KIND.context)
      // What is drawn for each request differs from its first words on.
      tokens[from] = KIND.context + 0x100_0000 + (nonce & 0xff_ffff)
      tokens[Math.min(from + 1, at - 1)] = KIND.context + 0x200_0000 + (nonce >>> 24)
      if (wrapper > 0) at = fill(tokens, at, END, KIND.end)
      tokens.set(hasSystem ? before.subarray(HEADER) : before, at)
      return { tokens, tail }
    },
    answer: (outputSeed, count) => {
      const tokens = cut(count)
      if (workload.turns?.history !== 'answers') return tokens.fill(KIND.scripted)
      // The last token ends the answer and has no text.
      const written = Math.max(0, count - 1)
      for (let index = 0; index < written; index++) tokens[index] = outputToken(outputSeed, index)
      return tokens.subarray(0, written)
    },
  }
}

// --- Internal helpers ---

/** Prompts are cut from pieces of this many tokens: a buffer for each would keep the collector busy. */
const SLAB_TOKENS = 1 << 18

const createSlab = (): ((count: number) => Uint32Array) => {
  let slab = new Uint32Array(SLAB_TOKENS)
  let used = 0
  return (count) => {
    if (count > SLAB_TOKENS) return new Uint32Array(count)
    if (used + count > SLAB_TOKENS) {
      slab = new Uint32Array(SLAB_TOKENS)
      used = 0
    }
    used += count
    return slab.subarray(used - count, used)
  }
}

const POOL_STRIDE = 0x400

const fill = (tokens: Uint32Array, at: number, count: number, token: number): number => {
  tokens.fill(token, at, at + count)
  return at + count
}

/** The user's own part begins with what nobody else's does. */
const open = (tokens: Uint32Array, end: number, count: number, key: TurnKey): number => {
  const from = end - count
  const [low, high] = 'arrival' in key ? [key.arrival, 0] : [key.vu, key.chat + 1]
  tokens[from] = KIND.own + 0x100_0000 + (low & 0xff_ffff)
  if (count > 1) tokens[from + 1] = KIND.own + 0x200_0000 + (high & 0xff_ffff)
  return end
}

const close = (tokens: Uint32Array, at: number): void => {
  fill(tokens, fill(tokens, at, END, KIND.end), HEADER, KIND.assistantHeader)
}
