import type { ServeArguments } from './arguments.ts'
import type { Log } from './log.ts'
import { VERSION } from './server.ts'
import type { EmulatorEnv, Plan } from './settings.ts'

/** The engine core cannot start; the message is the last line of its traceback. */
export class StartError extends Error {
  override readonly name = 'StartError'
}

export const logArguments = (log: Log, args: ServeArguments, { VLLM_EMULATOR_PRESET: preset }: EmulatorEnv): void => {
  const shown = `{'model': '${args.model}', 'host': '${args.host}', 'port': ${args.port}}`
  log.line('APIServer', 'INFO', 'api_utils.py:286', `non-default args: ${shown}`)
  const { name, summary } = preset
  const what = `firedrill's emulation of vLLM ${VERSION}: synthetic tokens, step times of preset ${name} (${summary})`
  log.line('APIServer', 'WARNING', 'emulator', `This is ${what}`)
  if (args.ignored.length === 0) return
  log.line('APIServer', 'WARNING', 'emulator', `Arguments without effect here: ${args.ignored.join(' ')}`)
}

export const logEngine = (log: Log, model: string, { engine }: Plan): void => {
  const config =
    `model='${model}', max_seq_len=${engine.maxModelLen}, block_size=${engine.blockSize}, num_gpu_blocks=${engine.numGpuBlocks}, ` +
    `max_num_seqs=${engine.maxNumSeqs}, max_num_batched_tokens=${engine.maxNumBatchedTokens}, ` +
    `enable_prefix_caching=${engine.enablePrefixCaching ? 'True' : 'False'}`
  log.line('EngineCore', 'INFO', 'core.py:133', `Initializing a V1 LLM engine (v${VERSION}) with config: ${config}`)
}

export const logListening = (log: Log, { host, port }: ServeArguments, pid: number): void => {
  log.line('APIServer', 'INFO', 'api_server.py:580', `Starting vLLM server on http://${host}:${port}`)
  log.line('APIServer', 'INFO', 'launcher.py:195', 'Route: /health, Methods: GET')
  log.line('APIServer', 'INFO', 'launcher.py:195', 'Route: /metrics, Methods: GET')
  log.uvicorn(`Started server process [${pid}]`)
  log.uvicorn('Waiting for application startup.')
  log.uvicorn('Application startup complete.')
}

export const logStartFailure = (log: Log, { message }: StartError): void => {
  const text = traceback(
    [
      'vllm/v1/engine/core.py", line 1193, in run_engine_core',
      'vllm/v1/worker/gpu_worker.py", line 319, in init_device',
    ],
    message,
  )
  log.line('EngineCore', 'ERROR', 'core.py:1202', `EngineCore failed to start.\n${text}`)
  const why = 'Engine core initialization failed. See root cause above. Failed core proc(s): {}'
  log.line('APIServer', 'ERROR', 'core_client.py:640', `RuntimeError: ${why}`)
}

/** The device is gone while the engine runs. */
export const logEngineDeath = (log: Log): void => {
  const text = traceback(
    [
      'vllm/v1/engine/core.py", line 1230, in run_busy_loop',
      'vllm/v1/worker/gpu_model_runner.py", line 3310, in execute_model',
    ],
    'torch.AcceleratorError: CUDA error: unspecified launch failure',
  )
  log.line('EngineCore', 'ERROR', 'core.py:1202', `EngineCore encountered a fatal error.\n${text}`)
  const why = 'EngineCore encountered an issue. See stack trace (above) for the root cause.'
  log.line('APIServer', 'ERROR', 'async_llm.py:906', `vllm.v1.engine.exceptions.EngineDeadError: ${why}`)
}

export const logShutdown = (log: Log): void => {
  log.line('APIServer', 'INFO', 'launcher.py:279', '[shutdown] API server: engine client stopped')
  log.line('APIServer', 'INFO', 'launcher.py:282', '[shutdown] API server: signalling HTTP server shutdown')
  log.line('APIServer', 'INFO', 'launcher.py:304', '[shutdown] API server: shutting down FastAPI HTTP server')
  log.uvicorn('Shutting down')
}

// --- Internal helpers ---

const traceback = (frames: readonly string[], error: string): string =>
  ['Traceback (most recent call last):', ...frames.map((frame) => `  File "${frame}`), error].join('\n')
