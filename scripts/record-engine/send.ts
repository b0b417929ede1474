import type { PlannedRequest } from './plan.ts'

export interface SentRequest extends PlannedRequest {
  start_s: number
  /** Null where no answer came. */
  status: number | null
  output_tokens: number | null
  first_token_s: number | null
  /** The last token; of a request that was not answered in full, when its client gave up or its stream ended. */
  end_s: number | null
  /** Server-sent events with a token. */
  events: number
  /** Not answered in full, whoever ended it. */
  aborted?: true
}

interface Target {
  url: string
  model: string
  /** Seconds from the recording's start. */
  clock: () => number
  /** The client gives up after so many; null: never. */
  timeoutSeconds: number | null
  /** Ends the whole recording. */
  signal: AbortSignal
}

/** One streamed completion of exactly `max_tokens` tokens, as its client sees it. */
export const send = async (
  request: PlannedRequest,
  prompt: readonly number[],
  { url, model, clock, timeoutSeconds, signal }: Target,
): Promise<SentRequest> => {
  const body = JSON.stringify({
    model,
    prompt,
    max_tokens: request.max_tokens,
    ignore_eos: true,
    temperature: 0,
    stream: true,
    stream_options: { include_usage: true },
  })
  const start_s = round(clock())
  const patience = timeoutSeconds === null ? [] : [AbortSignal.timeout(timeoutSeconds * 1_000)]
  const seen: Seen = { status: null, first: null, last: null, events: 0, tokens: 0 }
  try {
    const response = await fetch(`${url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.any([signal, ...patience]),
    })
    seen.status = response.status
    if (!response.ok || response.body === null) {
      await response.text()
      return {
        ...request,
        start_s,
        status: seen.status,
        output_tokens: null,
        first_token_s: null,
        end_s: null,
        events: 0,
      }
    }
    await read(response.body, seen, clock)
  } catch (error) {
    // A client that gave up, or a connection that broke, is part of the recording.
    if (signal.aborted) throw error
  }
  const { status, first, last, events, tokens } = seen
  const sent = { ...request, start_s, status, first_token_s: first === null ? null : round(first, 5), events }
  return tokens > 0 && last !== null
    ? { ...sent, output_tokens: tokens, end_s: round(last, 5) }
    : { ...sent, output_tokens: null, end_s: round(clock(), 5), aborted: true }
}

export const round = (seconds: number, digits = 4): number => Number(seconds.toFixed(digits))

// --- Internal helpers ---

interface Seen {
  status: number | null
  first: number | null
  last: number | null
  events: number
  /** As the usage says, which comes with the end of a whole answer. */
  tokens: number
}

const read = async (body: ReadableStream<Uint8Array<ArrayBuffer>>, seen: Seen, clock: () => number): Promise<void> => {
  let rest = ''
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const at = clock()
    const lines = `${rest}${chunk}`.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      seen.tokens = Number(COMPLETION_TOKENS.exec(line)?.[1] ?? seen.tokens)
      if (!line.startsWith('data: {') || line.includes('"choices":[]') || line.startsWith('data: {"error"')) continue
      seen.events++
      seen.first ??= at
      seen.last = at
    }
  }
}

const COMPLETION_TOKENS = /"completion_tokens":(\d+)/
