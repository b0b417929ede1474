import type { RequestChange } from '../../../stack/apps/gateway/flags/transform.ts'
import type { Sizes, TurnKey } from '../../k6/turn.ts'
import type { Workload } from '../../core/workload.ts'
import { SharedHead } from '../../vllm/engine/block-hash.ts'
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
  /** With a beginning that is nobody else's; `nonce` is another for each request. */
  alone(prompt: Tokens, nonce: number): Tokens
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
  const fronts = new Fronts(isChat, workload.sharedPromptTokens)
  /** So many tokens into the first system message; a chat without one gets its own. */
  const withFront = (before: Tokens, front: number, nonce: number): Tokens => {
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
  }
  return {
    first: (key, { own, whole, prefix }) => {
      const shared = workload.sharedPromptTokens + (prefix === null ? 0 : pooledTokens)
      const total = whole ?? shared + own
      const fronted = Math.min(shared, total - 1)
      const template = isChat ? turnTemplate - END + (fronted === 0 ? 0 : HEADER + END) : 0
      const ownTokens = Math.max(1, total - fronted - (isExact ? template : 0))
      return new FirstPrompt(fronts.of(prefix, fronted), ownTokens, isChat ? END + HEADER : 0, key)
    },
    next: (before, answer, own) => {
      const ownTokens = Math.max(1, own - (isExact ? turnTemplate : 0))
      const answered = before.length + answer.length
      const ownFrom = answered + END + HEADER
      const ownTo = ownFrom + ownTokens
      return {
        length: ownTo + END + HEADER,
        head: before.head,
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
      return front === 0 ? before : withFront(before, front, nonce)
    },
    alone: (before, nonce) => {
      const first = isChat ? HEADER : 0
      return {
        length: before.length,
        at: (index) => (index === first ? KIND.context + 0x200_0000 + (nonce & 0xff_ffff) : before.at(index)),
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

/** What prompts begin with: of the same prefix of the pool and as many tokens, all of them begin alike. */
class Front extends SharedHead {
  readonly prefix: number | null
  /** Shared by all, and of the pool. */
  readonly tokens: number
  private readonly system: number
  private readonly sharedTo: number
  private readonly pooledTo: number
  private readonly endTo: number

  constructor(isChat: boolean, common: number, prefix: number | null, tokens: number) {
    const system = isChat && tokens > 0 ? HEADER : 0
    const endTo = system + tokens + (system === 0 ? 0 : END)
    super(endTo + (isChat ? HEADER : 0))
    this.prefix = prefix
    this.tokens = tokens
    this.system = system
    this.sharedTo = system + Math.min(common, tokens)
    this.pooledTo = system + tokens
    this.endTo = endTo
  }

  at(index: number): number {
    if (index < this.system) return KIND.systemHeader
    if (index < this.sharedTo) return KIND.shared
    if (index < this.pooledTo) return KIND.pooled + ((this.prefix ?? 0) + 1) * POOL_STRIDE
    return index < this.endTo ? KIND.end : KIND.userHeader
  }
}

class Fronts {
  private readonly isChat: boolean
  private readonly common: number
  private readonly byPrefix = new Map<number | null, Front[]>()
  /** Without a pool of prefixes it is nearly always the one. */
  private last: Front | null = null

  constructor(isChat: boolean, common: number) {
    this.isChat = isChat
    this.common = common
  }

  of(prefix: number | null, tokens: number): Front {
    if (this.last?.prefix !== prefix || this.last.tokens !== tokens) this.last = this.find(prefix, tokens)
    return this.last
  }

  private find(prefix: number | null, tokens: number): Front {
    const known = this.byPrefix.get(prefix) ?? []
    const found = known.find((front) => front.tokens === tokens)
    if (found !== undefined) return found
    const front = new Front(this.isChat, this.common, prefix, tokens)
    this.byPrefix.set(prefix, [...known, front])
    return front
  }
}

/** A class, and what many have in common not in it: an engine keeps thousands of prompts whose blocks are in its cache. */
class FirstPrompt implements Tokens {
  readonly length: number
  readonly head: Front
  private readonly ownTo: number
  private readonly low: number
  private readonly high: number

  constructor(head: Front, ownTokens: number, ending: number, key: TurnKey) {
    this.head = head
    this.ownTo = head.length + ownTokens
    this.length = this.ownTo + ending
    this.low = 'arrival' in key ? key.arrival : key.vu
    this.high = 'arrival' in key ? 0 : key.chat + 1
  }

  at(index: number): number {
    const { head, ownTo } = this
    if (index < head.length) return head.at(index)
    // The user's own part begins with what nobody else's does.
    if (index < ownTo) return KIND.own + opening(index - head.length, this.low, this.high)
    return index === ownTo ? KIND.end : KIND.assistantHeader
  }

  copyTo(target: Uint32Array, from: number, count: number): void {
    // Most that are asked for: the user's own part behind its opening.
    const alike = this.head.length + OPENING - from
    const alikeTo = this.ownTo - from
    for (let index = 0; index < count; index++) {
      target[index] = index >= alike && index < alikeTo ? KIND.own : this.at(from + index)
    }
  }
}

/** Tokens that differ from prompt to prompt. */
const OPENING = 3

/** Both numbers together, then each of them, then what all have. */
const opening = (index: number, low: number, high: number): number => {
  if (index === 0) return 0x800_0000 + ((Math.imul(low, 0x9e37_79b1) ^ Math.imul(high, 0x85eb_ca6b)) & 0x7ff_ffff)
  if (index === 1) return 0x100_0000 + (low & 0xff_ffff)
  return index === 2 ? 0x200_0000 + (high & 0xff_ffff) : 0
}
