import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { stepTime } from '../hardware/preset.ts'
import { PRESETS } from '../hardware/presets.ts'
import { createEngine } from './engine.ts'
import type { EngineRequest } from './types.ts'

/** Recordings of a real vLLM 0.32.0 on one CPU core, played again in virtual time with the `cpu` preset. */
const Recording = z.object({
  shared_prefix_tokens: z.number(),
  requests: z.array(
    z.object({
      start_s: z.number(),
      prompt_tokens: z.number(),
      output_tokens: z.number(),
      first_token_s: z.number(),
      end_s: z.number(),
    }),
  ),
  metrics: z.array(z.record(z.string(), z.number())),
  server: z.object({
    block_size: z.number(),
    num_gpu_blocks: z.number(),
    max_num_seqs: z.number(),
    max_num_batched_tokens: z.number(),
    max_model_len: z.number(),
  }),
})
type Recording = z.infer<typeof Recording>

describe('120 requests that fill the KV cache', () => {
  const recording = read('saturate')
  const { requests, engine, maxWaiting, durationMs } = replay(recording)

  test('preempt as often and queue as deep as on the real engine', () => {
    expect(within(engine.stats().preemptions, counted(recording, 'vllm:num_preemptions_total'))).toBeLessThan(0.2)
    expect(within(maxWaiting, highest(recording, 'vllm:num_requests_waiting'))).toBeLessThan(0.15)
  })

  test('take as long, altogether and per token', () => {
    const real = recording.requests
    expect(within(durationMs, Math.max(...real.map(({ end_s }) => end_s * 1_000)))).toBeLessThan(0.1)
    const perToken = median(requests.map((one) => (one.lastTokenAt - one.firstTokenAt) / (one.outputTokens - 1)))
    const realPerToken = median(real.map((one) => ((one.end_s - one.first_token_s) * 1_000) / (one.output_tokens - 1)))
    expect(within(perToken, realPerToken)).toBeLessThan(0.1)
  })
})

test('of 90 requests, two of three with a common prefix, the same tokens come from the prefix cache', () => {
  const recording = read('prefix')
  const { engine } = replay(recording)
  expect(engine.stats()).toMatchObject({
    prefixCacheQueries: counted(recording, 'vllm:prefix_cache_queries_total'),
    prefixCacheHits: counted(recording, 'vllm:prefix_cache_hits_total'),
    preemptions: 0,
  })
})

// --- Internal helpers ---

function read(name: string): Recording {
  return Recording.parse(
    JSON.parse(readFileSync(new URL(`../fixtures/vllm-0.32.0/${name}.json`, import.meta.url), 'utf8')),
  )
}

/** Milliseconds from the client's start to the engine, as the recordings' notes say. */
const TO_ENGINE_MS = 5

function replay({ server, requests: recorded, shared_prefix_tokens: shared }: Recording) {
  const cpu = PRESETS['cpu']
  if (cpu === undefined) throw new Error('no cpu preset')
  const engine = createEngine(
    {
      blockSize: server.block_size,
      numGpuBlocks: server.num_gpu_blocks,
      maxModelLen: server.max_model_len,
      maxNumSeqs: server.max_num_seqs,
      maxNumBatchedTokens: server.max_num_batched_tokens,
      enablePrefixCaching: true,
    },
    stepTime(cpu),
  )
  const arrivals = recorded.map((one, index) => ({
    at: one.start_s * 1_000 + TO_ENGINE_MS,
    outputTokens: one.output_tokens,
    prompt: Uint32Array.from({ length: one.prompt_tokens }, (_, position) =>
      index % 3 !== 0 && position < shared ? position : (index + 1) * 100_000 + position,
    ),
  }))
  const requests: EngineRequest[] = []
  let now = 0
  let maxWaiting = 0
  for (;;) {
    let next = arrivals[requests.length]
    while (next !== undefined && next.at <= now) {
      const { at, prompt, outputTokens } = next
      requests.push(
        engine.add(
          {
            id: String(requests.length),
            prompt,
            outputSeed: requests.length,
            maxTokens: outputTokens,
            naturalLength: Number.POSITIVE_INFINITY,
            arrivedAt: at,
          },
          now,
        ),
      )
      next = arrivals[requests.length]
    }
    const step = engine.schedule(now)
    if (step === null && next === undefined) return { engine, requests, maxWaiting, durationMs: now }
    if (step === null) {
      now = next?.at ?? now
      continue
    }
    now += step.durationMs
    engine.update(now)
    maxWaiting = Math.max(maxWaiting, engine.stats().waiting)
  }
}

/** The share by which two numbers differ. */
function within(value: number, truth: number): number {
  return Math.abs(value - truth) / truth
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function highest({ metrics }: Recording, name: string): number {
  return Math.max(...metrics.map((row) => row[name] ?? 0))
}

/** What a counter rose by: recordings start from what came before. */
function counted({ metrics }: Recording, name: string): number {
  return (metrics.at(-1)?.[name] ?? 0) - (metrics[0]?.[name] ?? 0)
}
