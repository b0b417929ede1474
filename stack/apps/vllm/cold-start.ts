import { setTimeout as delay } from 'node:timers/promises'
import { GIB, gibText } from '../../../lib/vllm/hardware/memory.ts'
import type { Log } from './log.ts'
import type { Reservation } from './memory/reservation.ts'
import type { Plan } from './settings.ts'

/** Loads the weights and warms up, which here is time, log lines and memory: until `coldStartMs` after `startedAt` (performance.now). */
export const coldStart = async (
  log: Log,
  { model, plan, reservation }: { model: string; plan: Plan; reservation: Reservation },
  startedAt: number,
): Promise<void> => {
  const { autoFitFrom, engine, coldStartMs, memory, kvBytes } = plan
  const pool = plan.preset.device === 'CPU' ? 'CPU' : 'GPU'
  const left = (): number => Math.max(0, coldStartMs - (performance.now() - startedAt))
  const say = (place: string, text: string): void => log.line('EngineCore', 'INFO', place, text)
  const loadMs = Math.min(left(), coldStartMs * loadShare(plan))
  const tokens = engine.numGpuBlocks * engine.blockSize
  const fits = (tokens / engine.maxModelLen).toFixed(2)

  say('gpu_model_runner.py:5160', `Starting to load model ${model}...`)
  await reservation.loadWeights()
  await delay(loadMs)
  const took = `${gibText(memory.weightsBytes)} GiB memory and ${(loadMs / 1_000).toFixed(6)} seconds`
  say('gpu_model_runner.py:5246', `Model loading took ${took}`)
  const warmUpFrom = performance.now()
  await reservation.profile()
  say('gpu_worker.py:760', `Available KV cache memory: ${gibText(memory.availableKvBytes)} GiB`)
  if (engine.numGpuBlocks !== memory.numGpuBlocks) {
    const text = `num_gpu_blocks=${memory.numGpuBlocks} with num_gpu_blocks_override=${engine.numGpuBlocks}`
    say('kv_cache_utils.py:2619', `Overriding ${text}`)
  }
  if (autoFitFrom !== null) {
    const room = `available KV cache memory (${gibText(kvBytes)} GiB ${pool})`
    const fit =
      engine.maxModelLen < autoFitFrom
        ? `reduced from ${autoFitFrom} to ${engine.maxModelLen} to fit in ${room}`
        : `full model context length ${autoFitFrom} fits in ${room}`
    say('kv_cache_utils.py:2468', `Auto-fit max_model_len: ${fit}`)
  }
  const concurrency = `Maximum concurrency for ${count(engine.maxModelLen)} tokens per request: ${fits}x`
  say('kv_cache_utils.py:2327', `${pool} KV cache size: ${count(tokens)} tokens, ${concurrency}`)
  await reservation.allocateKv(kvBytes)
  await delay(left())
  await reservation.captureGraphs()
  const warmUp = ((performance.now() - warmUpFrom) / 1_000).toFixed(2)
  if (memory.graphBytes > 0) {
    const size = gibText(memory.graphBytes)
    say('gpu_model_runner.py:6571', `Graph capturing finished in ${Math.round(Number(warmUp))} secs, took ${size} GiB`)
  }
  say('core.py:402', `init engine (profile, create kv cache, warmup model) took ${warmUp} s`)
}

// --- Internal helpers ---

/** `457,296`. toLocaleString would load ICU, 7 MB for two lines of a log. */
const count = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',')

const loadShare = ({ model, preset: { loadGiBPerSecond, warmUpMs } }: Plan): number => {
  const loadMs = (model.weightsBytes / GIB / loadGiBPerSecond) * 1_000
  return loadMs / (loadMs + warmUpMs)
}
