import { knownVersion } from '../../../lib/vllm/metrics/version.ts'
import type { ServeArguments } from './arguments.ts'
import type { Log } from './log.ts'
import { repr } from './openai/pydantic.ts'
import type { EmulatorEnv, Plan } from './settings.ts'
import type { ConfigError, StartError } from './start-error.ts'
import { traceback } from './traceback.ts'

export const logArguments = (log: Log, args: ServeArguments, env: EmulatorEnv): void => {
  const version = knownVersion(args.vllmVersion ?? env.VLLM_EMULATOR_VERSION)
  const banner = [
    '',
    '       █     █     █▄   ▄█',
    ` ▄▄ ▄█ █     █     █ ▀▄▀ █  version ${version}`,
    `  █▄█▀ █     █     █     █  model   ${args.model}`,
    '   ▀▀  ▀▀▀▀▀ ▀▀▀▀▀ ▀     ▀',
    '',
  ]
  log.line('APIServer', 'INFO', 'api_utils.py:347', banner.join('\n'))
  log.line('APIServer', 'INFO', 'api_utils.py:286', `non-default args: {${shownArguments(args).join(', ')}}`)
  const { name, summary } = env.VLLM_EMULATOR_PRESET
  const what = `firedrill's emulation of vLLM ${version}: synthetic tokens, step times of preset ${name} (${summary})`
  log.line('APIServer', 'WARNING', 'emulator', `This is ${what}`)
  if (args.ignored.length === 0) return
  log.line('APIServer', 'WARNING', 'emulator', `Arguments without effect here: ${args.ignored.join(' ')}`)
}

export const logEngine = (log: Log, model: string, { autoFitFrom, engine, model: facts, vllmVersion }: Plan): void => {
  log.line('APIServer', 'INFO', 'model.py:733', `Resolved architecture: ${facts.architecture}`)
  log.line('APIServer', 'INFO', 'model.py:2152', `Using max model len ${autoFitFrom ?? engine.maxModelLen}`)
  const chunked = `Chunked prefill is enabled with max_num_batched_tokens=${engine.maxNumBatchedTokens}.`
  if (engine.enableChunkedPrefill !== false) log.line('APIServer', 'INFO', 'scheduler.py:307', chunked)
  const config =
    `model='${model}', max_seq_len=${engine.maxModelLen}, block_size=${engine.blockSize}, num_gpu_blocks=${engine.numGpuBlocks}, ` +
    `max_num_seqs=${engine.maxNumSeqs}, max_num_batched_tokens=${engine.maxNumBatchedTokens}, ` +
    `enable_prefix_caching=${engine.enablePrefixCaching ? 'True' : 'False'}`
  log.line('EngineCore', 'INFO', 'core.py:133', `Initializing a V1 LLM engine (v${vllmVersion}) with config: ${config}`)
}

export interface ListeningFacts {
  pid: number
  /** Paths and their methods. */
  routes: readonly (readonly [path: string, methods: readonly string[]])[]
  devMode: boolean
}

export const logListening = (
  log: Log,
  { host, port }: ServeArguments,
  { pid, routes, devMode }: ListeningFacts,
): void => {
  const say = (place: string, text: string): void => log.line('APIServer', 'INFO', place, text)
  say('entry.py:136', "Supported tasks: ['generate']")
  if (devMode) {
    const warning = 'SECURITY WARNING: Development endpoints are enabled! This should NOT be used in production!'
    log.line('APIServer', 'WARNING', '__init__.py:44', warning)
  }
  say('entry.py:140', `Starting vLLM server on http://${host}:${port}`)
  say('launcher.py:186', 'Available routes are:')
  for (const [path, methods] of routes) {
    for (const method of methods) say('launcher.py:195', `Route: ${path}, Methods: ${method}`)
  }
  log.uvicorn(`Started server process [${pid}]`)
  log.uvicorn('Waiting for application startup.')
  log.uvicorn('Application startup complete.')
}

/** As Python ends on an error that nobody catches. */
export const logConfigError = (log: Log, { message }: ConfigError): void => {
  const frames = [
    'vllm/entrypoints/cli/main.py", line 120, in main',
    'vllm/entrypoints/launchers/api_server/entry.py", line 83, in build_async_engine_client_from_engine_args',
  ]
  log.plain(traceback(frames, message))
}

export const logStartFailure = (log: Log, { message }: StartError): void => {
  const frames = [
    'vllm/v1/engine/core.py", line 1500, in run_engine_core',
    'vllm/v1/engine/core.py", line 1136, in __init__',
  ]
  log.line('EngineCore', 'ERROR', 'core.py:1510', `EngineCore failed to start.\n${traceback(frames, message)}`)
  const why = 'Engine core initialization failed. See root cause above. Failed core proc(s): {}'
  const outer = [
    'vllm/entrypoints/cli/main.py", line 75, in main',
    'vllm/v1/engine/utils.py", line 1432, in wait_for_engine_startup',
  ]
  log.line('APIServer', 'ERROR', 'main.py:75', traceback(outer, `RuntimeError: ${why}`))
}

// --- Internal helpers ---

/** As Python's repr of a dict, in the names that argparse gives them. */
const shownArguments = (args: ServeArguments): string[] => {
  const shown: [name: string, value: string | number | boolean | readonly string[] | null][] = [
    ['model_tag', args.model],
    ['host', args.host],
    ['port', args.port],
    ['model', args.model],
    ['api_key', args.apiKeys.length === 0 ? null : '***'],
    ['max_model_len', args.maxModelLen === 'auto' ? -1 : args.maxModelLen],
    ['enable_sleep_mode', args.enableSleepMode ? true : null],
    ['served_model_name', args.servedModelNames],
    ['block_size', args.blockSize],
    ['gpu_memory_utilization', args.gpuMemoryUtilization],
    ['num_gpu_blocks_override', args.numGpuBlocksOverride],
    ['max_num_batched_tokens', args.maxNumBatchedTokens],
    ['max_num_seqs', args.maxNumSeqs],
    ['watermark', args.watermark === 0 ? null : args.watermark],
    ['scheduler_reserve_full_isl', args.schedulerReserveFullIsl],
    ['shutdown_timeout', args.shutdownTimeout === 0 ? null : args.shutdownTimeout],
    ['otlp_traces_endpoint', args.otlpTracesEndpoint],
  ]
  return shown.flatMap(([name, value]) => (value === null ? [] : [`'${name}': ${python(value)}`]))
}

const python = (value: string | number | boolean | readonly string[]): string => {
  if (typeof value === 'string') return repr(value)
  if (typeof value === 'number') return String(value)
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return `[${value.map(repr).join(', ')}]`
}
