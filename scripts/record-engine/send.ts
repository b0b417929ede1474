import type { PlannedRequest } from './plan.ts'

export interface SentRequest extends PlannedRequest {
  start_s: number
  status: number
  output_tokens: number | null
  first_token_s: number | null
  end_s: number | null
  /** Server-sent events with a token. */
  events: number
}

interface Target {
  url: string
  model: string
  /** Seconds from the recording's start. */
  clock: () => number
  signal: AbortSignal
}

/** One streamed completion of exactly `max_tokens` tokens, as its client sees it. */
export const send = async (
  request: PlannedRequest,
  prompt: readonly number[],
  target: Target,
): Promise<SentRequest> => {
  const { url, model, clock, signal } = target
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
  const response = await fetch(`${url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    signal,
  })
  const sent = { ...request, start_s, status: response.status }
  if (!response.ok || response.body === null) {
    await response.text()
    return { ...sent, output_tokens: null, first_token_s: null, end_s: null, events: 0 }
  }
  let [first, last, events, tokens] = [Number.NaN, Number.NaN, 0, 0]
  let rest = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const at = clock()
    const lines = `${rest}${chunk}`.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      tokens = Number(COMPLETION_TOKENS.exec(line)?.[1] ?? tokens)
      if (!line.startsWith('data: {') || line.includes('"choices":[]')) continue
      events++
      if (Number.isNaN(first)) first = at
      last = at
    }
  }
  return { ...sent, output_tokens: tokens, first_token_s: round(first, 5), end_s: round(last, 5), events }
}

export const round = (seconds: number, digits = 4): number => Number(seconds.toFixed(digits))

// --- Internal helpers ---

const COMPLETION_TOKENS = /"completion_tokens":(\d+)/
