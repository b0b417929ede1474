import type { Context } from '../context.ts'

/** What a command is given off a terminal; `text` is what it has printed. */
export const contextOf = (signal = new AbortController().signal) => {
  const printed: string[] = []
  const context: Context = {
    argv: [],
    env: {},
    out: (text) => void printed.push(text),
    err: () => {},
    status: () => {},
    isTerminal: false,
    columns: 120,
    colour: false,
    signal,
    interrupted: () => signal.aborted,
    onSecondInterrupt: () => {},
    holder: 'test',
  }
  return { context, text: () => printed.join('') }
}
