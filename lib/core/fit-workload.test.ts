import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import azure from '../../scenarios/workloads/azure-code.ts'
import chat from '../../scenarios/workloads/chat.ts'
import { fitWorkload } from './fit-workload.ts'
import type { Lengths } from './lengths.ts'
import { Workload } from './workload.ts'

const most = (lengths: Lengths): number =>
  'fixed' in lengths
    ? lengths.fixed
    : 'quantiles' in lengths
      ? Math.min(lengths.clamp?.max ?? Infinity, lengths.quantiles.at(-1)?.[1] ?? 0)
      : lengths.max

const longest = ({ sharedPromptTokens, prefixes, promptTokens, outputTokens, turns }: Workload): number =>
  sharedPromptTokens +
  (prefixes?.tokens ?? 0) +
  (most(promptTokens) + most(outputTokens)) * (turns === undefined ? 1 : most(turns.count))

test('what fits stays as it is', () => {
  const workload = Workload.parse(chat)
  expect(fitWorkload(workload, 4_096)).toEqual({ workload, factor: 1 })
})

test('a trace of long prompts keeps its shape', () => {
  const workload = Workload.parse(azure)
  const { workload: fitted, factor } = fitWorkload(workload, 2_048)
  expect(factor).toBeLessThan(1)
  const [before, after] = [workload, fitted].map(({ promptTokens }) =>
    'quantiles' in promptTokens ? promptTokens : null,
  )
  expect(after?.quantiles.map(([p]) => p)).toEqual(before?.quantiles.map(([p]) => p))
  for (const [index, [, tokens]] of (after?.quantiles ?? []).entries())
    expect(tokens).toBe(Math.max(1, Math.floor((before?.quantiles[index]?.[1] ?? 0) * factor)))
})

test('whatever the workload, it comes to fit, and is changed only where it did not', () => {
  const count = fc.integer({ min: 1, max: 100_000 })
  const lengths = fc.oneof(
    fc.record({ fixed: count }),
    fc.tuple(count, count).map(([a, b]) => ({ min: Math.min(a, b), max: Math.max(a, b) })),
    fc.tuple(count, count).map(([a, b]) => ({
      quantiles: [
        [0, Math.min(a, b)],
        [1, Math.max(a, b)],
      ] as [number, number][],
      source: 'x',
      licence: 'MIT',
      clamp: { max: 9_000 },
    })),
  )
  const workloads = fc.record({
    sharedPromptTokens: fc.integer({ min: 0, max: 10_000 }),
    promptTokens: lengths,
    outputTokens: lengths,
    turns: fc.option(fc.record({ count: fc.record({ fixed: fc.integer({ min: 1, max: 20 }) }), thinkTime: fc.constant({ min: 0, max: 0 }) }), { nil: undefined }), // prettier-ignore
    cancel: fc.option(fc.record({ share: fc.constant(0.5), afterTokens: lengths }), { nil: undefined }),
  })
  fc.assert(
    fc.property(workloads, fc.integer({ min: 512, max: 131_072 }), (parts, maxModelLen) => {
      const given = Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined))
      const workload = Workload.parse({ name: 'w', summary: 's', endpoint: 'chat', requestTimeout: 1_000, ...given })
      const { workload: fitted, factor } = fitWorkload(workload, maxModelLen)
      const turns = workload.turns === undefined ? 1 : most(workload.turns.count)
      // Nothing is shorter than a token, whatever its share: what the template is given has room for these.
      expect(longest(Workload.parse(fitted))).toBeLessThanOrEqual(maxModelLen)
      expect(factor === 1).toBe(longest(workload) <= maxModelLen - 32 - 32 * turns)
    }),
  )
})
