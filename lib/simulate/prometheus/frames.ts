/** What tools/simulated-prometheus reads: see its frame.go. Numbers are little-endian; times are milliseconds since the epoch. */
export interface FrameWriter {
  /** Gives a series its number: they count up from 0. */
  series(number: number, labels: Readonly<Record<string, string>>): void
  /** Begins one scrape's samples; each `sample` until the next call of another kind belongs to it. */
  scrape(at: number): void
  sample(number: number, value: number): void
  /** Marks series as stale: they are gone. */
  stale(at: number, numbers: readonly number[]): void
  /** Evaluates all rule groups that are due. */
  evaluate(until: number): void
  json(kind: 'O' | 'Q', value: unknown): void
  /** All that was written since the last call. */
  take(): Buffer
}

const HEAD = 5
const SAMPLE = 12
const FIRST_SIZE = 1 << 16

export const createFrameWriter = (): FrameWriter => {
  let buffer = Buffer.allocUnsafe(FIRST_SIZE)
  let end = 0
  /** Where the frame of the scrape under way begins, or -1. */
  let scrape = -1
  let scrapedAt = 0
  let samples = 0

  const room = (bytes: number): void => {
    if (end + bytes <= buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(2 * buffer.length, end + bytes))
    buffer.copy(grown, 0, 0, end)
    buffer = grown
  }
  const closeScrape = (): void => {
    if (scrape === -1) return
    buffer.writeUInt32LE(end - scrape - 4, scrape)
    buffer.writeUInt32LE(samples, scrape + HEAD + 8)
    scrape = -1
  }
  const begin = (kind: string, bytes: number): number => {
    closeScrape()
    room(HEAD + bytes)
    const start = end
    buffer[start + 4] = kind.charCodeAt(0)
    end += HEAD
    return start
  }
  const finish = (start: number): void => void buffer.writeUInt32LE(end - start - 4, start)
  const uint32 = (value: number): void => {
    end = buffer.writeUInt32LE(value, end)
  }
  const time = (value: number): void => {
    end = buffer.writeBigInt64LE(BigInt(Math.round(value)), end)
  }
  const beginScrape = (at: number): void => {
    scrape = begin('S', 12)
    scrapedAt = at
    samples = 0
    time(at)
    uint32(0)
  }
  const text = (value: string): void => {
    const bytes = Buffer.byteLength(value)
    room(2 + bytes)
    end = buffer.writeUInt16LE(bytes, end)
    end += buffer.write(value, end)
  }

  return {
    series: (number, labels) => {
      const isScraping = scrape !== -1
      const start = begin('N', 16)
      uint32(1)
      uint32(number)
      const pairs = Object.entries(labels)
      end = buffer.writeUInt16LE(pairs.length, end)
      for (const [name, value] of pairs) {
        text(name)
        text(value)
      }
      finish(start)
      // In the middle of a scrape, which goes on behind it.
      if (isScraping) beginScrape(scrapedAt)
    },
    scrape: beginScrape,
    sample: (number, value) => {
      if (end + SAMPLE > buffer.length) room(SAMPLE)
      end = buffer.writeUInt32LE(number, end)
      end = buffer.writeDoubleLE(value, end)
      samples++
    },
    stale: (at, numbers) => {
      const start = begin('X', 12 + 4 * numbers.length)
      time(at)
      uint32(numbers.length)
      for (const number of numbers) uint32(number)
      finish(start)
    },
    evaluate: (until) => {
      const start = begin('E', 8)
      time(until)
      finish(start)
    },
    json: (kind, value) => {
      const body = JSON.stringify(value)
      const start = begin(kind, Buffer.byteLength(body))
      end += buffer.write(body, end)
      finish(start)
    },
    take: () => {
      closeScrape()
      const taken = Buffer.from(buffer.subarray(0, end))
      end = 0
      return taken
    },
  }
}
