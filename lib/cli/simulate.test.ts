import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Verdict } from '../core/verdict.ts'
import { playIncident } from '../simulate/incident.ts'
import { shippedIncident } from '../simulate/testing/play.ts'
import { judgeIncident } from './simulate-verdict.ts'

const Embedded = z.object({
  timing: z.object({ scrapeIntervalMs: z.number(), evaluationIntervalMs: z.number() }),
  outcome: z.string(),
  requests: z.number(),
  inFlight: z.object({ p50: z.number(), max: z.number() }),
  lines: z.array(z.object({ step: z.string().nullable(), alert: z.string(), class: z.string() })),
  answers: z.array(
    z.object({
      step: z.string().nullable(),
      question: z.string(),
      outcome: z.string(),
      timeToDetectMs: z.number().nullable(),
    }),
  ),
})

const SEEDS = [1, 2, 3]

describe.each(['smoke', 'quick'])('%s, simulated and as it ran on the embedded cluster', (name) => {
  let verdicts: Verdict[] = []
  let embedded: z.infer<typeof Embedded> | null = null

  beforeAll(async () => {
    const fixture = join(import.meta.dirname, `../simulate/fixtures/embedded-${name}.json`)
    embedded = Embedded.parse(JSON.parse(await readFile(fixture, 'utf8')))
    for (const seed of SEEDS) {
      const input = await shippedIncident(`${name}.ts`, seed)
      await using prometheus = input.prometheus
      const incident = await playIncident({ ...input, prometheus })
      verdicts.push(await judgeIncident(input.scenario, incident))
    }
  }, 120_000)
  afterAll(() => {
    verdicts = []
  })

  test('agree on every verdict, whatever the seed', () => {
    const lines = (of: { lines: { step: string | null; alert: string; class: string }[] } | null) =>
      of?.lines.map((line) => `${line.step} ${line.alert}: ${line.class}`).sort()
    for (const verdict of verdicts) {
      expect(lines(verdict)).toEqual(lines(embedded))
      expect(verdict).toMatchObject({ outcome: embedded?.outcome, simulated: true, synthetic: true })
      expect(verdict.reasons).toEqual([])
    }
  })

  test('detect a fault within a scrape and an evaluation of one another', () => {
    const { scrapeIntervalMs = 0, evaluationIntervalMs = 0 } = embedded?.timing ?? {}
    for (const { answers } of verdicts) {
      for (const { question, timeToDetectMs } of answers) {
        const other = embedded?.answers.find((answer) => answer.question === question)?.timeToDetectMs ?? null
        if (timeToDetectMs === null || other === null) expect(timeToDetectMs).toBe(other)
        else expect(Math.abs(timeToDetectMs - other)).toBeLessThanOrEqual(scrapeIntervalMs + evaluationIntervalMs)
      }
    }
  })

  test('carry the same load', () => {
    for (const { load } of verdicts) {
      expect(load.delivered).toBe(true)
      const share = (load.inFlight?.p50 ?? 0) / (embedded?.inFlight.p50 ?? 1)
      expect(share).toBeGreaterThan(0.9)
      expect(share).toBeLessThan(1.1)
    }
  })
})
