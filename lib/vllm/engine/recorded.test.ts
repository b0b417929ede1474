import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { createEngine } from './engine.ts'
import { type Difference, firstDifference, type History, type Recording } from './testing/recorded.ts'
import type { Engine, EngineConfig } from './types.ts'

const file = new URL('fixtures/scheduler-0.32.0.json.gz', import.meta.url)
const { histories }: Recording = JSON.parse(gunzipSync(readFileSync(file)).toString())

const differs = (history: History, changed: Partial<EngineConfig> = {}): Difference | null =>
  firstDifference(engineOf({ ...history.config, ...changed }), history)

const engineOf = (config: EngineConfig): Engine => createEngine(config, () => 10)

test('every step is what the scheduler of vLLM 0.32.0 did', () => {
  for (const [number, history] of histories.entries()) {
    const difference = differs(history)
    expect(difference?.model, `history ${number}, turn ${difference?.turn}`).toEqual(difference?.vllm)
  }
})

const changes: [string, (config: History['config']) => Partial<EngineConfig>][] = [
  ['policy', ({ policy }) => ({ policy: policy === 'fcfs' ? 'priority' : 'fcfs' })],
  ['reserveFullPrompt', ({ reserveFullPrompt }) => ({ reserveFullPrompt: !reserveFullPrompt })],
  ['watermark', ({ watermark }) => ({ watermark: watermark === 0 ? 0.1 : 0 })],
  [
    'longPrefillTokenThreshold',
    ({ longPrefillTokenThreshold }) => ({ longPrefillTokenThreshold: longPrefillTokenThreshold === 0 ? 5 : 0 }),
  ],
  ['enableChunkedPrefill', ({ enableChunkedPrefill }) => ({ enableChunkedPrefill: !enableChunkedPrefill })],
  ['enablePrefixCaching', ({ enablePrefixCaching }) => ({ enablePrefixCaching: !enablePrefixCaching })],
  ['numGpuBlocks', ({ numGpuBlocks }) => ({ numGpuBlocks: numGpuBlocks + 1 })],
  ['maxNumBatchedTokens', ({ maxNumBatchedTokens }) => ({ maxNumBatchedTokens: maxNumBatchedTokens + 1 })],
]

test.each(changes)('an engine with another %s is told from it', (_option, change) => {
  const told = histories.filter((history) => differs(history, change(history.config)) !== null)
  expect(told.length).toBeGreaterThan(histories.length / 5)
})

test('the histories have what is hard', () => {
  expect(amounts(histories)).toMatchInlineSnapshot(`
    {
      "aborts": 1689,
      "abortsDuringAStep": 822,
      "byEndOfSequence": 534,
      "ended": 5536,
      "histories": 200,
      "hitTokens": 28047,
      "pauses": 353,
      "preemptions": 3705,
      "preemptionsForBlocks": 2546,
      "resets": 694,
      "steps": 43442,
    }
  `)
  for (const [option, values] of Object.entries(OPTIONS)) {
    for (const value of values) {
      const such = histories.filter(({ config }) =>
        Object.entries(config).some(([name, is]) => name === option && is === value),
      )
      expect(amounts(such).preemptionsForBlocks, `${option} ${value}`).toBeGreaterThan(100)
    }
  }
})

// --- Internal helpers ---

const OPTIONS = {
  policy: ['fcfs', 'priority'],
  reserveFullPrompt: [true, false],
  watermark: [0, 0.05, 0.2],
  longPrefillTokenThreshold: [0, 5, 20],
  enableChunkedPrefill: [true, false],
  enablePrefixCaching: [true, false],
}

const amounts = (some: readonly History[]): Record<string, number> => {
  const turns = some.flatMap((history) => history.turns)
  const steps = turns.flatMap(({ step }) => step ?? [])
  const came = turns.flatMap(({ before = [], during = [] }) => [...before, ...during])
  const ended = turns.flatMap(({ finished = [] }) => finished.map(([, reason]) => reason))
  const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0)
  return {
    histories: some.length,
    steps: steps.length,
    preemptions: sum(steps.map(({ preempted = [] }) => preempted.length)),
    // The others were made by resets.
    preemptionsForBlocks: sum(steps.map(({ advance }) => Object.values(advance).filter((tokens) => tokens < 0).length)),
    hitTokens: sum(steps.map(({ hits }) => hits)),
    ended: ended.length,
    byEndOfSequence: ended.filter((reason) => reason === 'stop').length,
    aborts: came.filter((happening) => 'abort' in happening).length,
    abortsDuringAStep: turns.flatMap(({ during = [] }) => during.filter((happening) => 'abort' in happening)).length,
    pauses: came.filter((happening) => 'pause' in happening).length,
    resets: came.filter((happening) => 'reset' in happening).length,
  }
}
