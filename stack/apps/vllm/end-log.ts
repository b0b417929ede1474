import type { Log } from './log.ts'
import { traceback } from './traceback.ts'

/** Why the engine is gone: an error of its own, or the process itself. */
export type Death = { kind: 'error'; error: string } | { kind: 'process' }

const DEAD =
  'vllm.v1.engine.exceptions.EngineDeadError: EngineCore encountered an issue. See stack trace (above) for the root cause.'

export const logDeath = (log: Log, death: Death): void => {
  if (death.kind === 'error') {
    const frames = [
      'vllm/v1/engine/core.py", line 1547, in run_busy_loop',
      'vllm/v1/worker/gpu_model_runner.py", line 4210, in execute_model',
    ]
    const text = traceback(frames, death.error)
    log.line('EngineCore', 'ERROR', 'core.py:1512', `EngineCore encountered a fatal error.\n${text}`)
  }
  const say = (place: string, text: string): void =>
    log.line('APIServer', 'INFO', place, `[shutdown] MPClient: ${text}`)
  const gone = '[shutdown] MPClient: engine core exited unexpectedly; starting cleanup'
  log.line('APIServer', 'WARNING', 'core_client.py:817', gone)
  say('core_client.py:770', 'start timeout=default')
  logClientGone(log)
  logOutputHandler(log)
}

/** Before the requests in flight end, in whichever way. */
export const logShutdownBegin = (log: Log, timeout: number, inFlight: number): void => {
  const mode = timeout === 0 ? 'abort' : 'drain'
  const api = (place: string, text: string): void => log.line('APIServer', 'INFO', place, `[shutdown] ${text}`)
  api('launcher.py:254', 'API server: shutdown triggered')
  api('launcher.py:270', `API server: stopping engine client mode=${mode} timeout=${timeout}s`)
  api('core_client.py:770', `MPClient: start timeout=${timeout}s`)
  api('core_client.py:772', 'MPClient: stopping engine manager')
  api('utils.py:628', 'Process manager: send sigterm to process EngineCore')
  const core = (place: string, text: string): void =>
    log.line('EngineCore', 'INFO', place, `[shutdown] EngineCore: ${text}`)
  core('core.py:1454', 'trigger received signal=SIGTERM')
  if (mode === 'abort') return
  core('core.py:1635', `start mode=drain timeout=${timeout}s`)
  core('core.py:1655', `draining in-flight requests count=${inFlight} timeout=${timeout}s`)
}

/** The engine did not end in time, or was given none. */
export const logForcedEnd = (log: Log): void => {
  const say = (place: string, text: string): void =>
    log.line('APIServer', 'WARNING', place, `[shutdown] Process manager: ${text}`)
  say('utils.py:648', 'force killing remaining processes count=1')
  say('utils.py:653', `force killing remaining process EngineCore pid ${log.pidOf('EngineCore')}`)
}

export const logShutdownEnd = (log: Log, { requestsFailed }: { requestsFailed: boolean }): void => {
  logClientGone(log)
  if (requestsFailed) logOutputHandler(log)
  const say = (place: string, text: string): void =>
    log.line('APIServer', 'INFO', place, `[shutdown] API server: ${text}`)
  say('launcher.py:279', 'engine client stopped')
  say('launcher.py:282', 'signalling HTTP server shutdown')
  say('launcher.py:304', 'shutting down FastAPI HTTP server')
}

// --- Internal helpers ---

const logClientGone = (log: Log): void => {
  const say = (place: string, text: string): void =>
    log.line('APIServer', 'INFO', place, `[shutdown] MPClient: ${text}`)
  say('core_client.py:774', 'engine manager stopped')
  say('core_client.py:775', 'cleaning up background resources')
  say('core_client.py:777', 'complete')
}

const logOutputHandler = (log: Log): void => {
  const frames = [
    'vllm/v1/engine/async_llm.py", line 849, in output_handler',
    'vllm/v1/engine/core_client.py", line 1235, in get_output_async',
  ]
  log.line('APIServer', 'ERROR', 'async_llm.py:906', `AsyncLLM output_handler failed.\n${traceback(frames, DEAD)}`)
}
