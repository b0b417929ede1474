/** A time of day; without a zone it is UTC. To the microsecond, as k6 has it. */
export const wallClock = (text: string): number | null => {
  const match = WALL.exec(text)
  if (match === null) return null
  const part = (group: number): number => Number(match[group] ?? 0)
  const [month = 0, day, minute = 0, second = 0] = [2, 3, 5, 6].map(part)
  const at = Date.UTC(part(1), month - 1, day, part(4), minute, second)
  // Date.UTC takes the 31st of a short month for the 1st of the next.
  const isReal = new Date(at).getUTCMonth() === month - 1 && minute < 60 && second < 60
  if (!isReal || part(4) > 23 || part(9) > 24 || part(10) > 59) return null
  const zone = (match[8] === '-' ? -1 : 1) * (part(9) * 60 + part(10)) * 60_000
  return at - zone + Number((match[7] ?? '0').slice(0, 6).padEnd(6, '0')) / 1_000
}

/** Seconds from anywhere. */
export const secondsClock = (text: string): number | null => (SECONDS.test(text) ? Number(text) * 1_000 : null)

// --- Internal helpers ---

const WALL = /^(\d{4})-(\d\d)-(\d\d) +(\d\d?):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))?$/
const SECONDS = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
