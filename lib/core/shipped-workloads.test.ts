import { readdir } from 'node:fs/promises'
import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { drawLength } from './draw-length.ts'
import type { Lengths } from './lengths.ts'
import { distanceTo } from './quantile-table.ts'
import { meanOf, quantileAt } from './quantiles.ts'
import { seededRandom } from './random.ts'
import { Workload } from './workload.ts'

const FOLDER = new URL('../../scenarios/workloads/', import.meta.url)

const load = async (name: string): Promise<Workload> => {
  const module: { default?: unknown } = await import(new URL(`${name}.ts`, FOLDER).href)
  return Workload.parse(module.default)
}

test('every file holds the workload that its name says', async () => {
  const names = (await readdir(FOLDER)).map((file) => basename(file, '.ts'))
  expect(names.toSorted()).toEqual(['azure-code', 'azure-conversation', 'burstgpt', 'chat', 'mooncake-conversation'])
  for (const name of names) expect((await load(name)).name).toBe(name)
})

/** Percentiles of the traces themselves, counted without the tables. */
const TRACES: [string, 'promptTokens' | 'outputTokens', { mean: number; percentiles: [number, number][] }][] = [
  [
    'azure-conversation',
    'promptTokens',
    {
      mean: 1_154.7,
      percentiles: [
        [0.1, 207],
        [0.5, 1_020],
        [0.9, 2_734],
        [0.95, 4_083],
        [0.99, 4_142],
        [1, 14_050],
      ],
    },
  ],
  [
    'azure-conversation',
    'outputTokens',
    {
      mean: 211.1,
      percentiles: [
        [0.5, 129],
        [0.9, 424],
        [0.99, 601],
        [1, 1_000],
      ],
    },
  ],
  [
    'azure-code',
    'promptTokens',
    {
      mean: 2_047.8,
      percentiles: [
        [0.5, 1_469],
        [0.9, 5_188],
        [0.99, 7_436],
      ],
    },
  ],
  [
    'azure-code',
    'outputTokens',
    {
      mean: 27.9,
      percentiles: [
        [0.5, 13],
        [0.9, 55],
        [0.99, 251],
      ],
    },
  ],
  [
    'mooncake-conversation',
    'promptTokens',
    {
      mean: 12_035,
      percentiles: [
        [0.1, 964],
        [0.5, 6_909],
        [0.9, 27_367],
        [0.99, 85_400],
      ],
    },
  ],
  [
    'mooncake-conversation',
    'outputTokens',
    {
      mean: 343,
      percentiles: [
        [0.5, 350],
        [0.9, 597],
        [0.99, 1_118],
      ],
    },
  ],
]

test.each(TRACES)(
  '%s: %s have the trace’s mean within 2 % and its percentiles within 3 %',
  async (name, field, trace) => {
    const table = quantilesOf((await load(name))[field])
    expect(Math.abs(meanOf(table) / trace.mean - 1)).toBeLessThan(0.02)
    for (const [p, tokens] of trace.percentiles)
      expect(Math.abs(quantileAt(table, p) - tokens), `p${p * 100}`).toBeLessThanOrEqual(Math.max(1, 0.03 * tokens))
  },
)

test.each(TRACES)(
  '%s: drawn %s follow the table (Kolmogorov–Smirnov, 1 %), the same again for a seed',
  async (name, field) => {
    const lengths = (await load(name))[field]
    const draw = (seed: number): number[] => {
      const random = seededRandom(seed)
      return Array.from({ length: 20_000 }, () => drawLength(lengths, random))
    }
    expect(distanceTo(draw(7), quantilesOf(lengths))).toBeLessThan(1.63 / Math.sqrt(20_000))
    expect(draw(7)).toEqual(draw(7))
  },
)

// --- Internal helpers ---

const quantilesOf = (lengths: Lengths): [number, number][] => {
  if ('quantiles' in lengths) return lengths.quantiles
  throw new Error('expected a quantile table')
}
