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

/** vLLM's VLLMValidationError of a named parameter. */
export const badParameter = (message: string, parameter: string, value?: string): ApiError =>
  badRequest(`${message} (parameter=${parameter}${value === undefined ? '' : `, value=${value}`})`, parameter)

export const modelNotFound = (model: string, aliases: readonly string[]): ApiError =>
  new ApiError(
    404,
    'NotFoundError',
    `The model \`${model}\` does not exist. Valid aliases: ${aliases.join(', ')}.`,
    'model',
  )

const AGAIN = 'Please try again later or on a different instance.'

export const queueOverflow = (): ApiError =>
  new ApiError(503, 'Service Unavailable', `The engine is currently busy and cannot accept new requests. ${AGAIN}`)

export const tokensOverflow = (): ApiError =>
  new ApiError(503, 'Service Unavailable', `The engine has reached its prefill token backlog limit. ${AGAIN}`)

const serverError = (message: string): ApiError => new ApiError(500, 'InternalServerError', message)

/** What a stream that has begun gets as its last event when the engine dies; a status is too late then. */
export const ENGINE_DEAD = serverError('EngineCore encountered an issue. See stack trace (above) for the root cause.')

/** A call of the engine that it survives; paths of its files are nobody's business. */
export const callFailed = (method: string, message: string): ApiError =>
  serverError(`Call to ${method} method failed: ${message.replace(/\/\S+(?=:\d+)/, '<path>')}`)

/** To requests that come while running ones are drained: the pool that would tokenize them is gone. */
export const DRAINING = serverError('cannot schedule new futures after shutdown')

/** Checks what vLLM 0.32 checks of lengths before a request may enter the engine; `max_tokens` is cut to what is left. */
export const checkLength = (prompt: { tokens: number; isText: boolean }, maxModelLen: number): void => {
  if (prompt.tokens <= maxModelLen) return
  // vLLM stops tokenizing one token past what it can take, so of a text it knows a lower bound only.
  const seen = prompt.isText ? maxModelLen + 1 : prompt.tokens
  const count = seen === maxModelLen + 1 ? `at least ${seen}` : String(seen)
  throw badParameter(
    `This model's maximum context length is ${maxModelLen} tokens. However, your prompt contains ${count} input tokens, ` +
      'which exceeds this limit even without any output tokens. Please reduce the length of the input prompt.',
    'input_tokens',
    String(seen),
  )
}
