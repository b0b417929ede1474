import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { seededRandom } from '../../lib/core/random.ts'
import { cacheConfig, metricsRow } from './metrics-row.ts'
import { PlannedRequest, planRequests, promptOf } from './plan.ts'

const FIXTURES = new URL('../../lib/vllm/fixtures/vllm-0.32.0/', import.meta.url)

test('a row has the names of the recordings that ship', () => {
  const exposition = readFileSync(new URL('metrics.txt', FIXTURES), 'utf8')
  const recorded = JSON.parse(readFileSync(new URL('climb.json', FIXTURES), 'utf8')).metrics[0]
  const row: Record<string, number> = { t_s: 0, ...metricsRow(exposition) }
  expect(Object.keys(row).sort()).toEqual(Object.keys(recorded).sort())
  expect(Object.values(row).every(Number.isFinite)).toBe(true)
  expect(cacheConfig(exposition)).toMatchObject({
    block_size: '32',
    num_gpu_blocks: '512',
    enable_prefix_caching: 'True',
  })
})

test('arrivals come at a rate that changes evenly', () => {
  const pattern = { from: 0, to: 20, seconds: 1_000, promptTokens: [64, 200], outputTokens: [8] }
  const planned = planRequests(pattern, seededRandom(5))
  const early = planned.filter(({ planned_s }) => planned_s < 500).length
  // A quarter of the area under the ramp, within four standard deviations of a Poisson count.
  expect(Math.abs(planned.length - 10_000)).toBeLessThan(400)
  expect(Math.abs(early - 2_500)).toBeLessThan(200)
  expect(new Set(planned.map(({ prompt_tokens }) => prompt_tokens))).toEqual(new Set([64, 200]))
  expect(planned.map(({ i }) => i)).toEqual(planned.map((_, index) => index))
})

test('requests whose index is no multiple of three begin with the same tokens, and all end differently', () => {
  const prompts = [0, 1, 2, 3].map((i) =>
    promptOf({ i, planned_s: 0, prompt_tokens: 40, max_tokens: 1 }, 32, {
      ids: 1_024,
      random: seededRandom(i + 10),
      common: seededRandom(1),
    }),
  )
  const heads = prompts.map((prompt) => prompt.slice(0, 32).join())
  expect(prompts.every((prompt) => prompt.length === 40)).toBe(true)
  expect(heads[1]).toBe(heads[2])
  expect(new Set(heads).size).toBe(3)
  expect(new Set(prompts.map((prompt) => prompt.slice(32).join())).size).toBe(4)
})

test('of a request in another recording its plan is taken, not what became of it', () => {
  const plan = { i: 3, planned_s: 0.5, prompt_tokens: 40, max_tokens: 8 }
  expect(PlannedRequest.parse({ ...plan, start_s: 0.6, status: null, aborted: true })).toEqual(plan)
})
