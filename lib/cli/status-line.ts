const CLEAR = '\r\x1b[K'

/** The last line of a terminal, redrawn in place and out of the way of whatever else is written. */
export const statusLine = (
  send: (text: string) => void,
  isTerminal: boolean,
): { status(text: string): void; write(text: string): void } => {
  let shown = ''
  const status = (text: string): void => {
    if (text === shown) return
    shown = text
    if (isTerminal) send(`${CLEAR}${text}`)
    else if (text !== '') send(`${text}\n`)
  }
  const write = (text: string): void => {
    if (isTerminal && shown !== '') send(`${CLEAR}${text}${shown}`)
    else send(text)
  }
  return { status, write }
}
