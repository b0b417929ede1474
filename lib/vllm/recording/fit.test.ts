import { expect, test } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import { PRESETS } from '../hardware/presets.ts'
import { stepTime } from '../hardware/step-cost.ts'
import { type Coefficients, COEFFICIENTS, pickCoefficients } from './coefficients.ts'
import { judgeReplay, undetermined } from './fit.ts'
import type { RecordedRequest, Recording, Scrape } from './recording.ts'
import { replay } from './replay.ts'
import { fit } from './testing/fit.ts'

const REQUESTS = 50

/** Requests at random on hardware of that preset, as a client of the model would have recorded them. */
const recordingOf = (preset: string, gapMs: number): { recording: Recording; truth: Coefficients } => {
  const hardware = PRESETS[preset]
  if (hardware === undefined) throw new Error(`no preset ${preset}`)
  const random = seededRandom(4)
  let startMs = 0
  const sent = Array.from({ length: REQUESTS }, (_, index): RecordedRequest => {
    startMs += -Math.log(1 - random.next()) * gapMs
    const [promptTokens, outputTokens] = [100 + random.int(3_000), 5 + random.int(60)]
    return { index, startMs, promptTokens, outputTokens, firstTokenMs: 0, endMs: 0 }
  })
  const idle = { running: 0, waiting: 0, kvCacheUsage: 0, preemptions: 0, prefixQueries: 0, prefixHits: 0 }
  const blank: Recording = {
    name: preset,
    config: {
      blockSize: hardware.blockSize,
      numGpuBlocks: 9_000,
      maxModelLen: 8_192,
      maxNumSeqs: hardware.maxNumSeqs,
      maxNumBatchedTokens: hardware.maxNumBatchedTokens,
      enablePrefixCaching: true,
    },
    sharedPrefixTokens: 0,
    requests: sent,
    aborted: [],
    leftOut: { refused: 0, withoutEnd: 0, scrapes: 0 },
    warnings: [],
    scrapes: Array.from({ length: 60 }, (_, index): Scrape => ({ atMs: (index * startMs) / 60, ...idle })),
  }
  const played = replay(blank, stepTime(hardware), hardware)
  const requests = sent.map((one, index) => ({ ...one, ...played.requests[index] }))
  const scrapes = blank.scrapes.map((one, index) => ({ ...one, ...played.gauges[index] }))
  return { recording: { ...blank, requests, scrapes }, truth: pickCoefficients(hardware) }
}

test.each([
  { preset: 'h100', gapMs: 60 },
  { preset: 'l4', gapMs: 600 },
])('finds what a recording of the $preset preset tells, and says what it does not', ({ preset, gapMs }) => {
  const { recording, truth } = recordingOf(preset, gapMs)
  const found = fit([recording])
  const unknown = undetermined(found)
  expect(judgeReplay(recording, found.coefficients).filter(({ holds }) => !holds)).toEqual([])
  // There is no queue, and nobody can tell the way there from the way back: only their sum.
  expect(unknown).toEqual(expect.arrayContaining(['crowdMs', 'waitingMs', 'requestMs', 'replyMs']))
  expect(unknown).not.toContain('baseMs')
  expect(unknown).not.toContain('prefillMs')
  for (const { name } of COEFFICIENTS.filter((one) => !unknown.includes(one.name))) {
    expect(Math.abs(found.coefficients[name] / truth[name] - 1), name).toBeLessThan(0.1)
  }
  const { requestMs, replyMs } = found.coefficients
  expect((requestMs + replyMs) / (truth.requestMs + truth.replyMs)).toBeCloseTo(1, 0)
})
