import type { Server } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { errorMessage } from '../../../lib/core/errors.ts'
import { createEngine } from '../../../lib/vllm/engine/engine.ts'
import { GIB } from '../../../lib/vllm/hardware/memory.ts'
import { stepTime } from '../../../lib/vllm/hardware/preset.ts'
import { cacheConfigInfo } from '../../../lib/vllm/metrics/cache-config.ts'
import { createEngineMetrics } from '../../../lib/vllm/metrics/engine-metrics.ts'
import { createHttpMetrics } from '../../../lib/vllm/metrics/http-metrics.ts'
import { reportUtilisation } from '../gpu-emulator/client.ts'
import type { ServeArguments } from './arguments.ts'
import { createDriver, type Driver } from './driver.ts'
import { memoryError, reserve, waitForDevice } from './gpu.ts'
import { type Log, traceback } from './log.ts'
import { createVllmServer, VERSION } from './server.ts'
import { type EmulatorEnv, planServer } from './settings.ts'
import { logStats } from './stats-line.ts'

export interface StartContext {
  args: ServeArguments
  env: EmulatorEnv
  pid: number
  log: Log
  /** The process's own families of /metrics. */
  processMetrics(): string
  /** The engine cannot go on: the process has to end with exit code 1. */
  onDeath(): void
}

export interface Running {
  server: Server
  driver: Driver
  stop(): Promise<void>
}

/** Before the memory of the device is looked at: imports and the engine's own start. */
const MEMORY_CHECK_AT_MS = 1_000
const REPORT_MS = 1_000

/** A cold start as vLLM does one, up to the listening socket; null where it failed, which the log then explains. */
export const start = async (context: StartContext): Promise<Running | null> => {
  const { args, env, log, pid } = context
  const startedAt = performance.now()
  logStart(context)
  const memory = await deviceMemory(context)
  if (memory === null) return null
  const planned = planServer(args, env, memory.totalMiB)
  if (!planned.ok) return startFailed(log, 'kv_cache_utils.py:1043', `ValueError: ${planned.error}`)
  const { plan } = planned
  const { engine: config, coldStartMs } = plan

  log.line(
    'EngineCore',
    'INFO',
    'core.py:133',
    `Initializing a V1 LLM engine (v${VERSION}) with config: ${engineSummary(args.model, config)}`,
  )
  await delay(Math.min(MEMORY_CHECK_AT_MS, coldStartMs))
  const held = await takeMemory(context, plan.requestedMiB)
  if (held === null) return null
  await coldStart(context, plan, startedAt)

  const wallSeconds = (): number => Date.now() / 1_000
  const modelName = args.servedModelNames[0] ?? args.model
  const metrics = createEngineMetrics({ modelName, maxModelLen: config.maxModelLen, now: wallSeconds })
  const engine = createEngine(config, stepTime(plan.preset, env.VLLM_EMULATOR_STEP_FLOOR_MS))
  const driver = createDriver(engine, metrics, () => performance.now())
  const http = createHttpMetrics(wallSeconds)
  const cacheConfig = cacheConfigInfo(config, {
    gpuMemoryUtilization: args.gpuMemoryUtilization,
    userSpecifiedBlockSize: args.blockSize !== null,
    numGpuBlocksOverride: args.numGpuBlocksOverride,
  })
  const server = createVllmServer({
    driver,
    http,
    modelNames: args.servedModelNames,
    root: args.model,
    maxModelLen: config.maxModelLen,
    maxNumQueuedReqs: args.maxNumQueuedReqs,
    seed: args.seed,
    metricsPage: () => context.processMetrics() + metrics.render() + cacheConfig + http.render(),
    onQueueOverflow: () => metrics.reject('max_num_queued_reqs'),
    onAccess: (line) => args.disableUvicornAccessLog || log.uvicorn(line),
    now: () => Date.now(),
  })
  const stopStats = logStats(log, metrics, engine)
  const stopReports = held.hold(driver)
  void held.lost.then(() => {
    log.line(
      'EngineCore',
      'ERROR',
      'core.py:1100',
      traceback(STEP_FRAMES, 'torch.AcceleratorError: CUDA error: unspecified launch failure'),
    )
    log.line('APIServer', 'ERROR', 'async_llm.py:906', ENGINE_DEAD_ERROR)
    driver.die()
    context.onDeath()
  })
  await listen(server, args)
  log.line('APIServer', 'INFO', 'api_server.py:580', `Starting vLLM server on http://${args.host}:${args.port}`)
  log.line('APIServer', 'INFO', 'launcher.py:195', 'Route: /health, Methods: GET')
  log.line('APIServer', 'INFO', 'launcher.py:195', 'Route: /metrics, Methods: GET')
  log.uvicorn(`Started server process [${pid}]`)
  log.uvicorn('Waiting for application startup.')
  log.uvicorn('Application startup complete.')

  return {
    server,
    driver,
    stop: async () => {
      stopStats()
      stopReports()
      driver.shutDown()
      await close(server)
    },
  }
}

// --- Internal helpers ---

const INIT_FRAMES = [
  'vllm/v1/engine/core.py", line 1193, in run_engine_core',
  'vllm/v1/worker/gpu_worker.py", line 319, in init_device',
  'vllm/v1/worker/utils.py", line 227, in request_memory',
]
const STEP_FRAMES = [
  'vllm/v1/engine/core.py", line 1202, in run_busy_loop',
  'vllm/v1/worker/gpu_model_runner.py", line 3310, in execute_model',
]
const ENGINE_DEAD_ERROR =
  'vllm.v1.engine.exceptions.EngineDeadError: EngineCore encountered an issue. See stack trace (above) for the root cause.'

type Plan = Extract<ReturnType<typeof planServer>, { ok: true }>['plan']

const logStart = ({ args, env, log }: StartContext): void => {
  const preset = env.VLLM_EMULATOR_PRESET
  log.line(
    'APIServer',
    'INFO',
    'api_utils.py:286',
    `non-default args: {'model': '${args.model}', 'host': '${args.host}', 'port': ${args.port}}`,
  )
  log.line(
    'APIServer',
    'WARNING',
    'emulator',
    `This is firedrill's emulation of vLLM ${VERSION}: synthetic tokens, step times of preset ${preset.name} (${preset.summary})`,
  )
  if (args.ignored.length > 0)
    log.line('APIServer', 'WARNING', 'emulator', `Arguments without effect here: ${args.ignored.join(' ')}`)
}

const startFailed = (log: Log, place: string, error: string): null => {
  log.line('EngineCore', 'ERROR', place, `EngineCore failed to start.\n${traceback(INIT_FRAMES, error)}`)
  log.line(
    'APIServer',
    'ERROR',
    'api_server.py:600',
    'RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}',
  )
  return null
}

/** Without a device to ask, the preset's is taken as empty. */
const deviceMemory = async ({ env, log }: StartContext): Promise<{ totalMiB: number } | null> => {
  if (env.FIREDRILL_GPU_URL === undefined) return { totalMiB: env.VLLM_EMULATOR_PRESET.memoryMiB }
  try {
    return await waitForDevice(env.FIREDRILL_GPU_URL)
  } catch (error) {
    return startFailed(log, 'core.py:1100', `RuntimeError: ${errorMessage(error)}`)
  }
}

interface Held {
  lost: Promise<void>
  /** Reports how busy the engine is until the returned function is called. */
  hold(driver: Driver): () => void
}

const takeMemory = async ({ args, env, log }: StartContext, requestedMiB: number): Promise<Held | null> => {
  const url = env.FIREDRILL_GPU_URL
  if (url === undefined) return { lost: new Promise(() => undefined), hold: () => () => undefined }
  const holder = { pod: env.FIREDRILL_POD, uid: env.FIREDRILL_POD_UID, container: 'vllm' }
  try {
    const allocation = await reserve(url, holder, requestedMiB)
    if (!allocation.ok) {
      const error = memoryError(allocation.memory, requestedMiB, args.gpuMemoryUtilization)
      return startFailed(log, 'core.py:1100', error ?? 'torch.OutOfMemoryError: CUDA out of memory.')
    }
    return {
      lost: allocation.lost,
      hold: (driver) => {
        const timer = setInterval(() => void reportUtilisation(url, holder, driver.takeBusyShare()), REPORT_MS)
        return () => clearInterval(timer)
      },
    }
  } catch (error) {
    return startFailed(log, 'core.py:1100', `RuntimeError: CUDA error: ${errorMessage(error)}`)
  }
}

const coldStart = async ({ args, log }: StartContext, plan: Plan, startedAt: number): Promise<void> => {
  const { model, engine, coldStartMs, availableKvBytes, preset } = plan
  const loadMs = (model.weightsBytes / GIB / preset.loadGiBPerSecond) * 1_000
  const left = (): number => Math.max(0, coldStartMs - (performance.now() - startedAt))
  const loading = Math.min(left(), (coldStartMs * loadMs) / (loadMs + preset.warmUpMs))
  log.line('EngineCore', 'INFO', 'gpu_model_runner.py:5160', `Starting to load model ${args.model}...`)
  await delay(loading)
  const weights = (model.weightsBytes / GIB).toFixed(2)
  log.line(
    'EngineCore',
    'INFO',
    'gpu_model_runner.py:5246',
    `Model loading took ${weights} GiB memory and ${(loading / 1_000).toFixed(6)} seconds`,
  )
  log.line(
    'EngineCore',
    'INFO',
    'gpu_worker.py:460',
    `Available KV cache memory: ${(availableKvBytes / GIB).toFixed(2)} GiB`,
  )
  const tokens = engine.numGpuBlocks * engine.blockSize
  log.line('EngineCore', 'INFO', 'kv_cache_utils.py:1730', `GPU KV cache size: ${tokens.toLocaleString('en')} tokens`)
  log.line(
    'EngineCore',
    'INFO',
    'kv_cache_utils.py:1735',
    `Maximum concurrency for ${engine.maxModelLen.toLocaleString('en')} tokens per request: ${(tokens / engine.maxModelLen).toFixed(2)}x`,
  )
  await delay(left())
  log.line(
    'EngineCore',
    'INFO',
    'core.py:306',
    `init engine (profile, create kv cache, warmup model) took ${((performance.now() - startedAt - loading) / 1_000).toFixed(2)} seconds`,
  )
}

const engineSummary = (model: string, config: Plan['engine']): string =>
  `model='${model}', max_seq_len=${config.maxModelLen}, block_size=${config.blockSize}, num_gpu_blocks=${config.numGpuBlocks}, ` +
  `max_num_seqs=${config.maxNumSeqs}, max_num_batched_tokens=${config.maxNumBatchedTokens}, enable_prefix_caching=${config.enablePrefixCaching ? 'True' : 'False'}`

const listen = (server: Server, { host, port }: ServeArguments): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, 4_096, () => resolve())
  })

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
    // Connections whose last answer is still on its way get a moment.
    setTimeout(() => server.closeAllConnections(), 500).unref()
  })
