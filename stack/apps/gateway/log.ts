export type Level = 'info' | 'warn' | 'error'
export type Log = (level: Level, message: string, fields?: Record<string, unknown>) => void

/** One JSON object a line. */
export const jsonLog =
  (write: (line: string) => void, now: () => number = Date.now): Log =>
  (level, message, fields = {}) =>
    write(`${JSON.stringify({ time: new Date(now()).toISOString(), level, message, ...fields })}\n`)
