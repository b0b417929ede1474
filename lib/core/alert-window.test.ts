import { expect, test } from 'vitest'
import { alertWindow, firingBounds, resetLatest, type Timing } from './alert-window.ts'

const timing = (overrides: Partial<Timing>): Timing => ({
  scrapeMs: 0,
  scrapeDurationMs: 0,
  evaluationMs: 0,
  forMs: 0,
  keepFiringForMs: 0,
  windowMs: 0,
  ...overrides,
})

const ONSET = { from: 0, to: 0 }

// Worked by hand in the alerting reference, section 2.1.
test("vLLM's sample configuration (S 5 s, E 30 s, for 5 m) fires from 5:00 to 5:35", () => {
  const sample = timing({ scrapeMs: 5_000, evaluationMs: 30_000, forMs: 300_000 })
  expect(firingBounds(ONSET, sample)).toEqual({ from: 300_000, to: 335_000 })
})

test('kube-prometheus (S 30 s, E 30 s, for 2 m) fires from 2:00 to 3:00', () => {
  const sample = timing({ scrapeMs: 30_000, evaluationMs: 30_000, forMs: 120_000 })
  expect(firingBounds(ONSET, sample)).toEqual({ from: 120_000, to: 180_000 })
})

test('`for` is rounded up to whole evaluations, and a rule without it fires at once', () => {
  expect(firingBounds(ONSET, timing({ evaluationMs: 2_000, forMs: 5_000 })).from).toBe(6_000)
  expect(firingBounds(ONSET, timing({ evaluationMs: 2_000 })).from).toBe(0)
})

test('an uncertain onset widens the window to both sides, a range window and a slow scrape to the right', () => {
  const sample = timing({ scrapeMs: 2_000, scrapeDurationMs: 500, evaluationMs: 2_000, forMs: 4_000, windowMs: 40_000 })
  expect(firingBounds({ from: 1_000, to: 3_000 }, sample)).toEqual({ from: 5_000, to: 51_500 })
})

test('a reset waits for the scrape, the window, the evaluation and keep_firing_for', () => {
  const sample = timing({ scrapeMs: 2_000, evaluationMs: 2_000, windowMs: 10_000, keepFiringForMs: 3_000 })
  expect(resetLatest(100_000, sample)).toBe(118_000)
})

test('the target may take its onset to show the effect, and nothing comes earlier for it', () => {
  const quick = timing({ scrapeMs: 2_000, evaluationMs: 2_000, forMs: 4_000 })
  const slow = timing({ scrapeMs: 2_000, evaluationMs: 2_000, forMs: 8_000 })
  expect(alertWindow({ from: 0, to: 1_000 }, [quick, slow], 15_000)).toEqual({ from: 4_000, to: 28_000 })
})
