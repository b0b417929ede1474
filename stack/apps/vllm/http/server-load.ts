import type { ServerResponse } from 'node:http'

export interface ServerLoad {
  /** One more, until it is answered or its client is gone. */
  count(response: ServerResponse): void
  open(): number
}

/** What /load tells: requests, however many prompts and choices each has; 0 for ever without --enable-server-load-tracking. */
export const createServerLoad = (tracked: boolean): ServerLoad => {
  let open = 0
  return {
    count: (response) => {
      if (!tracked || response.closed) return
      open++
      response.once('close', () => void open--)
    },
    open: () => open,
  }
}
