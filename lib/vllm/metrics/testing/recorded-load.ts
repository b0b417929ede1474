import { createEngine } from '../../engine/engine.ts'
import type { EngineConfig } from '../../engine/types.ts'
import type { EngineMetrics } from '../engine-metrics.ts'

/** The configuration under which fixtures/vllm-0.32.0/metrics.txt was recorded. */
export const RECORDED_CONFIG: EngineConfig = {
  blockSize: 32,
  numGpuBlocks: 512,
  maxModelLen: 4_096,
  maxNumSeqs: 32,
  maxNumBatchedTokens: 1_024,
  enablePrefixCaching: true,
}

export interface Asked {
  id: string
  promptTokens: number
  maxTokens: number
  /** What the prompt is made of: equal contents share a prefix. */
  content: number
}

/** The two requests of the recording: 15 prompt tokens and 8 of output, 4 and 4. */
export const RECORDED_REQUESTS: readonly Asked[] = [
  { id: '15', promptTokens: 15, maxTokens: 8, content: 15 },
  { id: '4', promptTokens: 4, maxTokens: 4, content: 4 },
]

/** Sends requests one after the other through an engine whose steps take 10 ms; returns the time at the end. */
export const serve = (
  metrics: EngineMetrics,
  requests: readonly Asked[] = RECORDED_REQUESTS,
  config: EngineConfig = RECORDED_CONFIG,
): number => {
  const engine = createEngine(config, () => 10)
  let now = 0
  for (const { id, promptTokens, maxTokens, content } of requests) {
    const prompt = new Uint32Array(promptTokens).fill(content)
    engine.add(
      { id, prompt, outputSeed: content, maxTokens, naturalLength: Number.POSITIVE_INFINITY, arrivedAt: now },
      now,
    )
    while (engine.hasWork()) {
      const step = engine.schedule(now)
      if (step === null) break
      now += step.durationMs
      metrics.record(engine.update(now), engine.stats())
    }
  }
  return now
}
