import { expect, test } from 'vitest'
import { createClockwork } from '../clockwork.ts'
import { createNumbering } from './numbering.ts'
import type { Labels } from './page.ts'
import { createScraper } from './scraper.ts'

/** Frames as a list of words, series by their labels. */
const recorder = () => {
  const names = new Map<number, string>()
  const log: [at: number, what: string][] = []
  let at = 0
  return {
    log,
    frames: {
      series: (number: number, labels: Readonly<Record<string, string>>) =>
        void names.set(number, `${labels['__name__']}/${labels['pod'] ?? ''}/${labels['exported_pod'] ?? ''}`),
      scrape: (time: number) => {
        at = time
      },
      sample: (number: number, value: number) => void log.push([at, `${names.get(number)} ${value}`]),
      stale: (time: number, numbers: readonly number[]) =>
        void log.push([time, `stale ${numbers.map((number) => names.get(number)).join(' ')}`]),
      evaluate: () => undefined,
    },
  }
}

const setUp = () => {
  const clock = createClockwork(0)
  const { frames, log } = recorder()
  const numbering = createNumbering(frames, (metric) => metric !== 'unwanted')
  const scraper = createScraper({ clock, frames, numbering, intervalMs: 2_000, seed: 1, onWrite: () => undefined })
  return { clock, scraper, log }
}

const pageOf = (series: [string, Labels][]) => ({
  families: ['a'],
  visit: (visitor: (name: string, labels: Labels, value: number) => void) => {
    for (const [name, labels] of series) visitor(name, labels, 5)
  },
})

const TARGET = { job: 'j', labels: { pod: 'p' }, honorLabels: false }

test('a target is scraped every interval; up tells whether it answered; what a page loses goes stale', async () => {
  const { clock, scraper, log } = setUp()
  const one: Labels = {}
  const other: Labels = { pod: 'x' }
  let series: [string, Labels][] | null = null
  scraper.add({ ...TARGET, page: () => (series === null ? null : pageOf(series)) })
  await clock.run(2_000)
  series = [
    ['a', one],
    ['a', other],
    ['unwanted', one],
  ]
  await clock.run(6_000)
  series = [['a', other]]
  await clock.run(8_000)
  series = null
  await clock.run(10_000)
  const [first = 0] = log[0] ?? []
  expect(log.map(([at, what]) => [(at - first) / 2_000, what])).toEqual([
    [0, 'up/p/ 0'],
    [1, 'a/p/ 5'],
    [1, 'a/p/x 5'],
    [1, 'up/p/ 1'],
    [2, 'a/p/ 5'],
    [2, 'a/p/x 5'],
    [2, 'up/p/ 1'],
    [3, 'a/p/x 5'],
    [3, 'up/p/ 1'],
    [3, 'stale a/p/'],
    [4, 'up/p/ 0'],
    [4, 'stale a/p/x'],
  ])
  expect([...scraper.described()]).toEqual(['a'])
})

test('a target that is gone goes stale late, at the time of the scrape that did not come', async () => {
  const { clock, scraper, log } = setUp()
  const labels: Labels = {}
  const forget = scraper.add({ ...TARGET, page: () => pageOf([['a', labels]]) })
  await clock.run(4_100)
  forget()
  const last = log.at(-1)?.[0] ?? 0
  log.length = 0
  await clock.run(last + 4_199)
  expect(log).toEqual([])
  await clock.run(last + 4_200)
  expect(log).toEqual([[last + 2_000, 'stale a/p/ up/p/']])
})
