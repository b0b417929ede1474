import { deriveSeed, seededRandom } from '../../core/random.ts'
import type { Alarm, Clockwork } from '../clockwork.ts'
import type { FrameWriter } from '../prometheus/frames.ts'
import type { Numbering } from './numbering.ts'
import type { Labels, Page, SampleVisitor, Target } from './page.ts'

export interface ScraperOptions {
  clock: Clockwork
  frames: Omit<FrameWriter, 'json' | 'take'>
  numbering: Numbering
  intervalMs: number
  seed: number
  /** Before anything is written: what was due until now is to be evaluated without it. */
  onWrite(): void
}

export interface Scraper {
  /** Service discovery has found it: it is scraped from its next turn on. Returns what forgets it. */
  add(target: Target): () => void
  /** Names of all families that the targets' pages have described so far. */
  described(): ReadonlySet<string>
}

/** From a pod's address being known to its first possible scrape: the update's way through service discovery. */
const DISCOVERY_MS = 200

/**
 * Scrapes as Prometheus does (scrape/scrape.go): each target at an offset of its own in the interval, which a hash of its
 * labels decides; `up` beside the samples; staleness markers for series that a page no longer has, for all of them where the
 * scrape fails, and, two intervals late, for a target that is gone.
 */
export const createScraper = (options: ScraperOptions): Scraper => {
  const { clock, frames, numbering, intervalMs, seed, onWrite } = options
  const families = new Set<string>()

  const add = (target: Target): (() => void) => {
    const offset = seededRandom(deriveSeed(seed, `scrape ${JSON.stringify(target.labels)}`)).next() * intervalMs
    const series = trackSeries(target, numbering, frames)
    const up = numbering.of('up', { job: target.job, ...target.labels })
    let described: Page | null = null
    let next: Alarm | null = null
    let isGone = false
    let last: number | null = null

    const scrape = (): void => {
      const at = clock.now()
      const page = target.page()
      if (page !== null && page !== described) for (const name of page.families) families.add(name)
      described = page ?? described
      onWrite()
      frames.scrape(at)
      const gone = series.write(page)
      if (up !== null) frames.sample(up, page === null ? 0 : 1)
      if (gone.length > 0) frames.stale(at, gone)
      last = at
      next = clock.at(at + intervalMs, scrape)
    }
    const begin = clock.after(DISCOVERY_MS, () => {
      const now = clock.now()
      const due = Math.floor(now / intervalMs) * intervalMs + offset
      next = clock.at(due >= now ? due : due + intervalMs, scrape)
    })
    return () => {
      if (isGone) return
      isGone = true
      clock.after(DISCOVERY_MS, () => {
        begin.cancel()
        next?.cancel()
        if (last === null) return
        // endOfRunStaleness: the markers have the time of the next scrape, and are written when the one after it is over.
        const staleAt = last + intervalMs
        clock.at(staleAt + 1.1 * intervalMs, () => {
          const all = [...series.current(), ...(up === null ? [] : [up])]
          onWrite()
          if (all.length > 0) frames.stale(staleAt, all)
        })
      })
    }
  }
  return { add, described: () => families }
}

// --- Internal helpers ---

interface Position {
  name: string
  labels: Labels
  number: number | null
}

/** A page has its samples in the same order mostly: each place remembers which series it was. */
const trackSeries = (target: Target, numbering: Numbering, frames: Pick<FrameWriter, 'sample'>) => {
  const own = { job: target.job, ...target.labels }
  const places: Position[] = []
  let present = new Set<number>()
  let index = 0
  let changed = false
  const place = (name: string, labels: Labels): Position => ({
    name,
    labels,
    number: numbering.of(name, target.honorLabels ? { ...own, ...labels } : withExported(own, labels)),
  })
  const write: SampleVisitor = (name, labels, value) => {
    let at = places[index]
    if (at === undefined || at.labels !== labels || at.name !== name) {
      at = place(name, labels)
      places[index] = at
      changed = true
    }
    index++
    if (at.number !== null) frames.sample(at.number, value)
  }
  return {
    current: (): Iterable<number> => present,
    /** Writes a page's samples; returns the series that the scrape before had and this one has not. */
    write: (page: Page | null): readonly number[] => {
      if (page === null) {
        const gone = [...present]
        present = new Set()
        return gone
      }
      index = 0
      changed = false
      page.visit(write)
      if (!changed && index === places.length && present.size > 0) return NONE
      places.length = index
      const now = new Set(places.flatMap(({ number }) => number ?? []))
      const gone = [...present].filter((number) => !now.has(number))
      present = now
      return gone
    },
  }
}

const NONE: readonly number[] = []

/** A label of the page that the target has too is renamed, as Prometheus does. */
const withExported = (own: Labels, labels: Labels): Labels => {
  const all = { ...own }
  for (const name of Object.keys(labels)) all[name in own ? `exported_${name}` : name] = labels[name] ?? ''
  return all
}
