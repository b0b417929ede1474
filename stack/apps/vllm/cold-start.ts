import { setTimeout as delay } from 'node:timers/promises'
import { GIB } from '../../../lib/vllm/hardware/memory.ts'
import type { Log } from './log.ts'
import type { Plan } from './settings.ts'

/** Loads the weights and warms up, which here is time and log lines: until `coldStartMs` after `startedAt` (performance.now). */
export const coldStart = async (log: Log, model: string, plan: Plan, startedAt: number): Promise<void> => {
  const { engine, coldStartMs, availableKvBytes } = plan
  const left = (): number => Math.max(0, coldStartMs - (performance.now() - startedAt))
  const say = (place: string, text: string): void => log.line('EngineCore', 'INFO', place, text)
  const loadMs = Math.min(left(), coldStartMs * loadShare(plan))
  const gib = (bytes: number): string => (bytes / GIB).toFixed(2)
  const tokens = engine.numGpuBlocks * engine.blockSize
  const fits = `${(tokens / engine.maxModelLen).toFixed(2)}x`

  say('gpu_model_runner.py:5160', `Starting to load model ${model}...`)
  await delay(loadMs)
  const took = `${gib(plan.model.weightsBytes)} GiB memory and ${(loadMs / 1_000).toFixed(6)} seconds`
  say('gpu_model_runner.py:5246', `Model loading took ${took}`)
  say('gpu_worker.py:460', `Available KV cache memory: ${gib(availableKvBytes)} GiB`)
  say('kv_cache_utils.py:1730', `GPU KV cache size: ${count(tokens)} tokens`)
  say('kv_cache_utils.py:1735', `Maximum concurrency for ${count(engine.maxModelLen)} tokens per request: ${fits}`)
  const warmUpFrom = performance.now()
  await delay(left())
  const warmUp = ((performance.now() - warmUpFrom) / 1_000).toFixed(2)
  say('core.py:306', `init engine (profile, create kv cache, warmup model) took ${warmUp} seconds`)
}

// --- Internal helpers ---

/** `457,296`. toLocaleString would load ICU, 7 MB for two lines of a log. */
const count = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',')

const loadShare = ({ model, preset: { loadGiBPerSecond, warmUpMs } }: Plan): number => {
  const loadMs = (model.weightsBytes / GIB / loadGiBPerSecond) * 1_000
  return loadMs / (loadMs + warmUpMs)
}
