import { z } from 'zod'
import { Duration } from './duration.ts'
import { Lengths } from './lengths.ts'
import { Slo } from './load.ts'

/** Uniform in [min, max]. */
const Pause = z
  .strictObject({ min: Duration, max: Duration })
  .refine(({ min, max }) => min <= max, { error: 'expected min to be at most max' })

/** A pool of prompts' beginnings (system prompts, documents, few-shot examples) that each request draws one of. */
const Prefixes = z.strictObject({
  count: z.number().int().positive().max(10_000),
  /** Tokens of each. */
  tokens: z.number().int().positive(),
  /** Zipf exponent: the n-th is drawn in proportion to n^-skew. 0 draws all alike. */
  skew: z.number().nonnegative().default(0),
})

/** Chats of several turns. `promptTokens` are then the user's new tokens of each turn, and the history comes on top. */
const Turns = z.strictObject({
  /** Turns of a chat. */
  count: Lengths,
  /** Between an answer's end and the user's next turn. */
  thinkTime: Pause,
  /**
   * What stands in the history as the assistant's turns. `scripted`: text of the drawn output length, so that requests are
   * the same byte for byte whatever the server answers. `answers`: what it answered, so that generated tokens hit its cache.
   */
  history: z.enum(['scripted', 'answers']).default('scripted'),
})

/** Users leave: this share of requests is broken off by the client after so many tokens, or so much time since the call. */
const Cancel = z
  .strictObject({ share: z.number().min(0).max(1), afterTokens: Lengths.optional(), afterTime: Pause.optional() })
  .refine(({ afterTokens, afterTime }) => (afterTokens === undefined) !== (afterTime === undefined), {
    error: 'expected exactly one of afterTokens and afterTime',
  })

/** What the arrivals were like where the lengths are from. It says so in the plan; the scenario decides what a run does. */
const SourceArrivals = z.strictObject({
  process: z.enum(['constant', 'poisson', 'gamma']),
  /** The gamma distribution's shape: 1 is Poisson, below 1 comes in bursts. */
  burstiness: z.number().positive().optional(),
  /** Requests per second. */
  rate: z.number().positive().optional(),
  source: z.string().min(1),
})

/**
 * What one virtual user does, over and over: think, ask, read the stream to its end. In the open loop, what each arrival asks.
 * Prompt and output lengths are drawn independently of one another; a trace's rows (scenario.load.arrivals) give both together.
 */
export const Workload = z
  .strictObject({
    name: z.string(),
    summary: z.string(),
    endpoint: z.enum(['chat', 'completions']),
    /** Tokens that all users share at the front of the prompt (a system prompt): what the prefix cache can save. */
    sharedPromptTokens: z.number().int().nonnegative().default(0),
    /** After the shared tokens, one of a pool. */
    prefixes: Prefixes.optional(),
    /** Tokens of the user's own: none of their blocks is in the cache. A trace's row counts the shared ones in. */
    promptTokens: Lengths,
    /** Asked for as `max_tokens` with `ignore_eos`: the drawn length is the generated length. */
    outputTokens: Lengths,
    /**
     * How prompts get their length. `server`: words that the server's /tokenize counts as one token each, the chat template
     * counted in. `ids`: token ids (completions only). `calibrated`: text of about one token a word, the template on top.
     * `auto`: server where it has /tokenize; else ids for completions, calibrated for chats.
     */
    promptTokenizer: z.enum(['auto', 'server', 'ids', 'calibrated']).default('auto'),
    turns: Turns.optional(),
    cancel: Cancel.optional(),
    /** What users were promised; a request is good when it keeps all that is given. The scenario's own comes first. */
    slo: Slo.optional(),
    sourceArrivals: SourceArrivals.optional(),
    /** Closed-loop users only: before each request, or before each chat of several turns. */
    thinkTime: Pause.prefault({ min: 0, max: 0 }),
    /** For the whole exchange. */
    requestTimeout: Duration,
  })
  .superRefine(({ endpoint, promptTokenizer, turns }, context) => {
    const issue = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message })
    if (promptTokenizer === 'ids' && endpoint === 'chat')
      issue('promptTokenizer', 'expected endpoint "completions" for token ids, found "chat": a chat takes text only')
    if (turns !== undefined && endpoint !== 'chat')
      issue('turns', `expected endpoint "chat" for several turns, found "${endpoint}"`)
  })

export type Workload = z.infer<typeof Workload>
export type WorkloadInput = z.input<typeof Workload>

export const defineWorkload = (workload: WorkloadInput): WorkloadInput => workload
