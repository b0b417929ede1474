/**
 * `k6/x/llm`: a client of OpenAI-compatible servers that reads the stream in Go and measures it there.
 * Times are milliseconds since the epoch with microseconds in the fraction, durations are milliseconds.
 */
declare module 'k6/x/llm' {
  export interface ClientOptions {
    /** Base URL, without /v1. */
    url: string
    headers?: Record<string, string>
    /** Sent as `Authorization: Bearer …`. A secret is read from k6's `--secret-source` and never shows in a log. An `Authorization` in `headers` goes before it. */
    apiKey?: string | { secret: string; source?: string }
    /** From the call to a connection; milliseconds. No limit of its own where it is not given. */
    connectTimeout?: number
    /**
     * From the connection to the first content, sending and headers included; milliseconds. Outcome `timeout_headers` or
     * `timeout_first_token`. No limit of its own where it is not given; none for an answer that is not streamed.
     */
    firstTokenTimeout?: number
    /** Between two content events; milliseconds. No limit where it is not given. Comments (pings) do not count as content. */
    stallTimeout?: number
    /** For the whole exchange; milliseconds. A minute where it is not given. */
    timeout?: number
    /** What a good request keeps to: feeds the `llm_goodput` metric, which exists only where this is given. */
    slo?: Slo
    /** A file that gets one JSON line (lib/core's RequestRecord) per finished request. */
    spool?: string
  }

  /**
   * Milliseconds each. `ttft` and `e2e` are what the user waited: they count from the intended start where there is one,
   * else from the call, and include the dial.
   */
  export interface Slo {
    ttft?: number
    tpot?: number
    e2e?: number
  }

  export interface RequestParams {
    /** Sent as X-Request-Id; random where it is not given. */
    id?: string
    /**
     * What the schedule wanted: the request is not sent before its intended time, and latency is told from that as well. A
     * connection that is at hand is made ready before; to dial begins at that time.
     */
    arrival?: Pick<Arrival, 'index' | 'intended'>
    /** Default true. False asks for one JSON answer: no firsts and no gaps, but tokens and e2e. */
    stream?: boolean
    /** The user leaves: after this many content events, or this long after the call (ms), whichever comes first. Outcome `cancelled`. */
    cancel?: { afterTokens?: number; afterMs?: number }
    /** Collect the answer's text (without reasoning and tool calls). It costs decoding: off where it is not given. */
    text?: boolean
    /** On the record: what of a timeline made this request other than it would have been, or had it asked at all. */
    traffic?: string
    /** On the record: beyond the load. Its arrival is no arrival of the schedule, but is waited for and told from all the same. */
    extra?: boolean
  }

  export type Outcome =
    | 'ok'
    | 'dns'
    /** By k6's own blacklistIPs or blockHostnames. */
    | 'blocked'
    | 'connect_refused'
    | 'connect_failed'
    | 'tls'
    | 'reset'
    | 'timeout_connect'
    | 'timeout_headers'
    | 'timeout_first_token'
    /** No content for stallTimeout after the first. */
    | 'timeout_stall'
    /** `timeout` passed in the middle of the answer. */
    | 'timeout_total'
    /** The stream ended without a finish reason and without [DONE]. */
    | 'truncated'
    | 'http_4xx'
    | 'http_429'
    | 'http_5xx'
    | 'http_other'
    /** An error inside a stream that began with 200. */
    | 'error_event'
    /** Not an event stream, not the chunks of this API, or an event larger than 8 MiB. */
    | 'decode'
    /** By `cancel`. */
    | 'cancelled'
    /** By k6: the ramp went down or the test ended. */
    | 'stopped'
    | 'other'

  /** The record of one finished request, failed ones included: as in the spool, and the text. Null where it never came. */
  export interface Answer {
    id: string
    vu: number
    iteration: number
    /** Index in the whole schedule; null for closed-loop users. */
    arrival: number | null
    /** When the schedule wanted it. */
    intended: number | null
    /** When the script called, or, where that was before its arrival was due: when the request was let go. */
    started: number
    /** When a connection was at hand, new or pooled. */
    connected: number | null
    /** That connection had carried a request before. */
    reused: boolean | null
    /** When the last of the request was handed to the connection. */
    written: number | null
    ended: number
    /** From `written` to the first event with data, of any kind. */
    firstEvent: number | null
    /** From `written` to the first event with a choice, even an empty role chunk: what `vllm bench serve` calls TTFT. */
    firstChoice: number | null
    /** From `written` to the first event with content, reasoning or a tool call: what GuideLLM and AIPerf call TTFT. */
    ttft: number | null
    /** From `written` to the first content that is not reasoning. */
    firstAnswer: number | null
    /** (last − first content event) / (output tokens − 1). */
    tpot: number | null
    /** ended − started. */
    e2e: number
    /** Gaps between consecutive content events. */
    gapMax: number | null
    gapP99: number | null
    /**
     * Histogram of the gaps, the occupied buckets only: [lower bound in µs, count]. 64 buckets per octave, exact below
     * 64 µs.
     */
    gaps: [lowerMicros: number, count: number][]
    /** Content events. */
    chunks: number
    /** Content events that came in the same read as an earlier one: their gap of 0 is not the server's. */
    coalesced: number
    promptTokens: number | null
    /** Of the prompt, found in the server's prefix cache. */
    cachedTokens: number | null
    outputTokens: number
    /** `usage` where the server said so, `chunks` where content events were counted instead. */
    tokensFrom: 'usage' | 'chunks'
    finishReason: string | null
    /** 0 where no headers came. */
    status: number
    outcome: Outcome
    error: string | null
    /** The serving pod, where the gateway says so (`X-Upstream`). */
    replica: string | null
    /** `traffic` and `extra` of the params. */
    traffic: string | null
    extra: boolean
    /** Null unless `text` was asked for. */
    text: string | null
  }

  export class Client {
    constructor(options: ClientOptions)
    /** Asks /v1/chat/completions and waits for the end. A failed request is an outcome; only a wrong call or a full disk throws. */
    chat(body: object, params?: RequestParams): Answer
    /** Asks /v1/completions and waits for the end. */
    completions(body: object, params?: RequestParams): Answer
    /**
     * vLLM's POST /tokenize. Null where the server has none; throws where it cannot be reached or refuses. Not measured:
     * no record and no samples.
     */
    tokenize(input: { prompt: string; model?: string } | { messages: object[]; model?: string }): number[] | null
  }

  /**
   * Numbers the virtual users that ask for one, from 0 in the order in which they do, over all execution segments. Unlike k6's
   * ids, which virtual users of other scenarios take as well, the same in every run: for what a seed is to bring again.
   */
  export const nextUser: () => number

  /**
   * Says to all virtual users of the process what they are to do otherwise, until a time (milliseconds since the epoch): `text`
   * is JSON. The same name again replaces it. It ends by itself, or with `release`.
   */
  export const press: (name: string, text: string, until: number) => void
  /** Ends what was pressed under a name, and its surge. */
  export const release: (name: string) => void
  /** All that is pressed, as a JSON array of its texts; empty where nothing is. Cheap: for every request. */
  export const pressure: () => string

  /**
   * Hands out, to virtual users that wait in `nextExtra`, either so many users at once or requests at a rate, until a time. What
   * nobody is free for waits, and is nobody's at the end. The same seed, the same times from its start.
   */
  export const startSurge: (
    name: string,
    options:
      | { users: number; until: number }
      | {
          /** Requests a second. */
          rate: number
          process: 'constant' | 'poisson' | 'gamma'
          burstiness?: number
          seed: number
          until: number
        },
  ) => void
  /** Blocks, at no cost, until there is something beyond the load to do, but not longer than to a time; null then, and when k6 stops. */
  export const nextExtra: (until: number) => Extra | null

  export interface Extra {
    /** The name that the surge was started under. */
    surge: string
    /** Which user of it, or which request. */
    index: number
    /** Of a request: when it is wanted, some 20 ms from now. Null of a user. */
    intended: number | null
  }

  /** Requests of the whole k6 process so far. */
  export const stats: () => { started: number; finished: number; failed: number; inFlight: number }

  export type ArrivalsOptions = {
    /**
     * Hands each arrival out this long before it is due (milliseconds, at most 1000; 0 where it is not given): what the script
     * and the client have to do before a request can be written is done by then, and `chat(…, { arrival })` writes it in time.
     */
    lead?: number
  } & (
    | {
        /** A whole number. It stands for the same times on every machine. */
        seed: number
        process: 'constant' | 'poisson' | 'gamma'
        /** With gamma only, its shape: 1 is Poisson, below 1 comes in bursts (as in `vllm bench serve`); 0.001 to 1000. */
        burstiness?: number
        /** Linear from the last rate (the first from 0) to `to` requests per second, over so many milliseconds; 0 jumps. */
        stages: { to: number; over: number }[]
      }
    | {
        /**
         * A file of arrivals, relative to the script: Azure's or BurstGPT's CSV, Mooncake's JSON lines, or JSON lines
         * {at (ms from the start), promptTokens?, outputTokens?}.
         */
        trace: string
        /** 2 replays it in half the time. */
        speed?: number
        /** Milliseconds from the zero: what would come then or later is left out. */
        over?: number
      }
  )

  export interface Arrival {
    /** In the whole schedule, over all execution segments. */
    index: number
    /** Milliseconds since the epoch. */
    intended: number
    /** How much later than intended the virtual user got it; milliseconds, ≥ 0. */
    lag: number
    /** Of a trace's row. A published trace may say 0 output tokens for a request that failed. */
    promptTokens: number | null
    outputTokens: number | null
  }

  export interface ArrivalsStats {
    /** In this execution segment in all; null where that is unknown before the end. */
    scheduled: number | null
    /** Whose time has passed by now; 0 before the first next(). */
    due: number
    /** Handed to a virtual user. Without one to spare, arrivals wait and come late; none is dropped. */
    claimed: number
    /** Milliseconds. */
    lagP50: number
    lagP99: number
    lagMax: number
  }

  /**
   * A schedule that belongs to the process: virtual users that construct it with equal options share one. Its zero is the
   * start time of the one scenario that calls next(); k6's execution segments stripe it.
   */
  export class Arrivals {
    constructor(options: ArrivalsOptions)
    /** Blocks until an arrival is due for this virtual user, but for the `lead`; null after the last, and when k6 stops. */
    next(): Arrival | null
    stats(): ArrivalsStats
  }
}
