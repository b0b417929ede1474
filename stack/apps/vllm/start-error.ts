/** vLLM's configuration is refused, before there is an engine: the last lines of what Python prints. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** The engine core cannot start; the message is the last line of its traceback. */
export class StartError extends Error {
  override readonly name = 'StartError'
}
