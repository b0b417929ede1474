/** What lies between client and engine, in milliseconds. An emulated server has a front end of its own, and ignores it. */
export interface FrontEndCost {
  /** From a request's start to the engine's queue: HTTP, validation, tokenising, the way to the engine's process. */
  requestMs: number
  /** From a step's end to the client, and to the gauges. */
  replyMs: number
}
