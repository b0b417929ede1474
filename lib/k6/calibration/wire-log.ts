/** One request as the calibration server's log tells it (tools/calibration/wirelog.go): what is true. */
export interface WireRequest {
  id: string
  /** Milliseconds since the epoch: the client's write of the request, where the kernel stamped it. */
  received: number
  kernel: boolean
  /** Before the write of each content event. */
  contents: number[]
  end: 'done' | 'left' | 'open'
}

/** A line that is none ends the log: a server that was killed tore it. */
export const parseWireLog = (text: string): WireRequest[] => {
  const requests = new Map<string, WireRequest>()
  for (const line of text.split('\n')) {
    const [kind, stream, micros, value, ...id] = line.split(' ')
    const at = Number(micros) / 1_000
    if (stream === undefined || Number.isNaN(at)) break
    if (kind === 'q')
      requests.set(stream, { id: id.join(' '), received: at, kernel: value === 'k', contents: [], end: 'open' })
    const request = requests.get(stream)
    if (request === undefined) break
    if (kind === 'e') for (let count = Number(value); count > 0; count -= 1) request.contents.push(at)
    if (kind === 'd') request.end = 'done'
    if (kind === 'x') request.end = 'left'
  }
  return [...requests.values()]
}

/** Content events that were written from one time up to another. */
export const eventsBetween = (log: readonly WireRequest[], from: number, to: number): number => {
  let events = 0
  for (const { contents } of log) for (const at of contents) if (at >= from && at < to) events += 1
  return events
}
