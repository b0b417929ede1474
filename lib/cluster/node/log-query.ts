/** `kubectl logs` as the API server passes it on. */
export interface LogQuery {
  previous: boolean
  follow: boolean
  timestamps: boolean
  tailLines: number | null
  /** Milliseconds since the epoch. */
  since: number | null
  limitBytes: number | null
  stream: 'stdout' | 'stderr' | null
}

export const parseLogQuery = (params: URLSearchParams, now: number): LogQuery => {
  const count = (name: string): number | null => {
    const value = Number(params.get(name) ?? Number.NaN)
    return Number.isInteger(value) && value >= 0 ? value : null
  }
  const seconds = count('sinceSeconds')
  const sinceTime = Date.parse(params.get('sinceTime') ?? '')
  const stream = params.get('stream')?.toLowerCase()
  return {
    previous: isTrue(params.get('previous')),
    follow: isTrue(params.get('follow')),
    timestamps: isTrue(params.get('timestamps')),
    tailLines: count('tailLines'),
    since: seconds !== null ? now - seconds * 1_000 : Number.isNaN(sinceTime) ? null : sinceTime,
    limitBytes: count('limitBytes'),
    stream: stream === 'stdout' || stream === 'stderr' ? stream : null,
  }
}

/** One line of a log file as the client sees it, or null where the query leaves it out. */
export const renderLine = (line: string, { timestamps, since, stream }: LogQuery): string | null => {
  const match = /^(\S+) (stdout|stderr) ([FP]) (.*)$/s.exec(line)
  if (match === null) return null
  const [, time = '', from, tag, text = ''] = match
  if (stream !== null && from !== stream) return null
  if (since !== null && Date.parse(time) < since) return null
  return `${timestamps ? `${time} ` : ''}${text}${tag === 'F' ? '\n' : ''}`
}

// --- Internal helpers ---

const isTrue = (value: string | null): boolean => value === 'true' || value === '1'
