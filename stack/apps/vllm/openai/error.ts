/** An error that the client gets as `{"error": …}` in the form of vLLM's ErrorResponse. */
export class ApiError extends Error {
  readonly status: number
  readonly body: string

  constructor(status: number, type: string, message: string, param: string | null = null) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.body = JSON.stringify({ error: { message, type, param, code: status } })
  }
}

export const badRequest = (message: string, param: string | null = null): ApiError =>
  new ApiError(400, 'BadRequestError', message, param)

export const modelNotFound = (model: string, aliases: readonly string[]): ApiError =>
  new ApiError(
    404,
    'NotFoundError',
    `The model \`${model}\` does not exist. Valid aliases: ${aliases.join(', ')}.`,
    'model',
  )

export const queueOverflow = (): ApiError =>
  new ApiError(
    503,
    'Service Unavailable',
    'The engine is currently busy and cannot accept new requests. Please try again later or on a different instance.',
  )

/** What a stream that has begun gets when the engine dies; a status is too late then. */
export const ENGINE_DEAD = new ApiError(
  500,
  'InternalServerError',
  'EngineCore encountered an issue. See stack trace (above) for the root cause.',
)

/**
 * Checks what vLLM checks before a request may enter the engine. vLLM stops tokenizing one token past what it can
 * take, so the counts in these messages are lower bounds.
 */
export const checkLength = (promptTokens: number, maxTokens: number, maxModelLen: number): void => {
  const longest = maxModelLen - maxTokens
  if (promptTokens <= longest && promptTokens < maxModelLen) return
  const limit = `This model's maximum context length is ${maxModelLen} tokens. However, `
  if (promptTokens > maxModelLen) {
    const seen = maxModelLen + 1
    throw badRequest(
      `${limit}your prompt contains at least ${seen} input tokens, which exceeds this limit even without any output tokens. ` +
        `Please reduce the length of the input prompt. (parameter=input_tokens, value=${seen})`,
      'input_tokens',
    )
  }
  const seen = Math.min(promptTokens, Math.max(longest, 0) + 1)
  throw badRequest(
    `${limit}you requested ${maxTokens} output tokens and your prompt contains at least ${seen} input tokens, for a total of ` +
      `at least ${seen + maxTokens} tokens. Please reduce the length of the input prompt or the number of requested output ` +
      `tokens. (parameter=input_tokens, value=${seen})`,
    'input_tokens',
  )
}
