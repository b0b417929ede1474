import type { RequestChange } from '../../../stack/apps/gateway/flags/transform.ts'
import type { Sizes, TurnKey } from '../../k6/turn.ts'
import type { Workload } from '../../core/workload.ts'
import type { Tokens } from '../../vllm/engine/types.ts'
import { outputToken } from '../../vllm/text/words.ts'

/**
 * Prompts as the engine gets them: token ids that are the same where real prompts share their text, and only there. They are
 * told, not listed: an engine asks for few of them.
 */
export interface PromptMaker {
  first(key: TurnKey, sizes: Sizes): Tokens
  /** The chat so far, the answer, and the user's next message. */
  next(before: Tokens, answer: Tokens, own: number): Tokens
  /** As the gateway changes it for a flag; `nonce` is another for each request. */
  changed(prompt: Tokens, change: RequestChange, nonce: number): Tokens
  /** Of an answer that comes back as a turn: the text that was generated, or as much of the load's own. */
  answer(outputSeed: number, tokens: number): Tokens
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
const POOL_STRIDE = 0x400

/** A gateway's time stamp and id at the front of a prompt are 64 bytes. */
const UNIQUE_PREFIX_TOKENS = 16

export const createPromptMaker = (workload: Workload): PromptMaker => {
  const isChat = workload.endpoint === 'chat'
  // Words that the server counts as one token each make prompts whole as drawn; calibrated ones have the template on top.
  const isExact = workload.promptTokenizer !== 'calibrated'
  const pooledTokens = workload.prefixes?.tokens ?? 0
  const turnTemplate = END + HEADER + END + HEADER
  return {
    first: (key, { own, whole, prefix }) => {
      const pooled = prefix === null ? 0 : pooledTokens
      const total = whole ?? workload.sharedPromptTokens + pooled + own
      const common = Math.min(workload.sharedPromptTokens, total - 1)
      const fromPool = Math.min(pooled, total - 1 - common)
      const system = isChat && common + fromPool > 0 ? HEADER : 0
      const template = isChat ? turnTemplate - END + system + (system === 0 ? 0 : END) : 0
      const ownTokens = Math.max(1, total - common - fromPool - (isExact ? template : 0))
      const sharedTo = system + common
      const pooledTo = sharedTo + fromPool
      const endTo = pooledTo + (system === 0 ? 0 : END)
      const ownFrom = endTo + (isChat ? HEADER : 0)
      const ownTo = ownFrom + ownTokens
      const [low, high] = 'arrival' in key ? [key.arrival, 0] : [key.vu, key.chat + 1]
      return {
        length: ownTo + (isChat ? END + HEADER : 0),
        at: (index) => {
          if (index < system) return KIND.systemHeader
          if (index < sharedTo) return KIND.shared
          if (index < pooledTo) return KIND.pooled + ((prefix ?? 0) + 1) * POOL_STRIDE
          if (index < endTo) return KIND.end
          if (index < ownFrom) return KIND.userHeader
          // The user's own part begins with what nobody else's does.
          if (index < ownTo) return KIND.own + opening(index - ownFrom, low, high)
          return index === ownTo ? KIND.end : KIND.assistantHeader
        },
      }
    },
    next: (before, answer, own) => {
      const ownTokens = Math.max(1, own - (isExact ? turnTemplate : 0))
      const answered = before.length + answer.length
      const ownFrom = answered + END + HEADER
      const ownTo = ownFrom + ownTokens
      return {
        length: ownTo + END + HEADER,
        at: (index) => {
          if (index < before.length) return before.at(index)
          if (index < answered) return answer.at(index - before.length)
          if (index === answered || index === ownTo) return KIND.end
          if (index < ownFrom) return KIND.userHeader
          return index < ownTo ? KIND.scripted : KIND.assistantHeader
        },
      }
    },
    changed: (before, { contextTokens, uniquePrefix }, nonce) => {
      const front = (uniquePrefix ? UNIQUE_PREFIX_TOKENS : 0) + (contextTokens === 0 ? 0 : contextTokens + 1)
      if (front === 0) return before
      // Into the first system message; a chat without one gets its own.
      const hasSystem = isChat && before.at(0) === KIND.systemHeader
      const header = isChat ? HEADER : 0
      const frontTo = header + front
      const from = frontTo + (isChat && !hasSystem ? END : 0)
      const skipped = hasSystem ? HEADER : 0
      return {
        length: from + before.length - skipped,
        at: (index) => {
          if (index < header) return KIND.systemHeader
          // What is drawn for each request differs from its first words on.
          if (index === header) return KIND.context + 0x100_0000 + (nonce & 0xff_ffff)
          if (index < frontTo) return KIND.context
          return index < from ? KIND.end : before.at(index - from + skipped)
        },
      }
    },
    answer: (outputSeed, count) =>
      workload.turns?.history === 'answers'
        ? // The last token ends the answer and has no text.
          { length: Math.max(0, count - 1), at: (index) => outputToken(outputSeed, index) }
        : { length: count, at: () => KIND.scripted },
  }
}

// --- Internal helpers ---

/** Both numbers together, then each of them, then what all have. */
const opening = (index: number, low: number, high: number): number => {
  if (index === 0) return 0x800_0000 + ((Math.imul(low, 0x9e37_79b1) ^ Math.imul(high, 0x85eb_ca6b)) & 0x7ff_ffff)
  if (index === 1) return 0x100_0000 + (low & 0xff_ffff)
  return index === 2 ? 0x200_0000 + (high & 0xff_ffff) : 0
}
