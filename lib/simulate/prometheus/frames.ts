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
const TWO_TO_32 = 2 ** 32
/** Of a UTF-16 unit in UTF-8. */
const MOST_BYTES = 3

export const createFrameWriter = (): FrameWriter => {
  let buffer = Buffer.allocUnsafe(FIRST_SIZE)
  let view = viewOf(buffer)
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
    view = viewOf(buffer)
  }
  const closeScrape = (): void => {
    if (scrape === -1) return
    view.setUint32(scrape, end - scrape - 4, true)
    view.setUint32(scrape + HEAD + 8, samples, true)
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
  const finish = (start: number): void => view.setUint32(start, end - start - 4, true)
  const uint32 = (value: number): void => {
    view.setUint32(end, value, true)
    end += 4
  }
  const time = (value: number): void => {
    const whole = Math.round(value)
    uint32(whole % TWO_TO_32)
    uint32(Math.floor(whole / TWO_TO_32))
  }
  const beginScrape = (at: number): void => {
    scrape = begin('S', 12)
    scrapedAt = at
    samples = 0
    time(at)
    uint32(0)
  }
  const text = (value: string): void => {
    room(2 + MOST_BYTES * value.length)
    const bytes = buffer.write(value, end + 2)
    end = buffer.writeUInt16LE(bytes, end) + bytes
  }

  return {
    series: (number, labels) => {
      const isScraping = scrape !== -1
      const start = begin('N', 16)
      uint32(1)
      uint32(number)
      const names = Object.keys(labels)
      end = buffer.writeUInt16LE(names.length, end)
      for (const name of names) {
        text(name)
        text(labels[name] ?? '')
      }
      finish(start)
      // In the middle of a scrape, which goes on behind it.
      if (isScraping) beginScrape(scrapedAt)
    },
    scrape: beginScrape,
    sample: (number, value) => {
      if (end + SAMPLE > buffer.length) room(SAMPLE)
      view.setUint32(end, number, true)
      view.setFloat64(end + 4, value, true)
      end += SAMPLE
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

// --- Internal helpers ---

/** Its writes are compiled in place; those of a Buffer are calls. */
const viewOf = ({ buffer, byteOffset, length }: Buffer): DataView => new DataView(buffer, byteOffset, length)
