/** The engine core cannot start; the message is the last line of its traceback. */
export class StartError extends Error {
  override readonly name = 'StartError'
}
