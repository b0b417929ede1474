import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

/** Processes on a machine that may be busy with others. */
export const PROCESS_TIMEOUT_MS = 60_000

export interface VllmProcess extends AsyncDisposable {
  url: string
  child: ChildProcess
  /** Everything that it has written. */
  log(): string
  /** Of the process `VLLM::EngineCore`. */
  corePid(): number
  /** Resolves once /health answers 200. */
  ready(): Promise<void>
  ask(body: object, signal?: AbortSignal): Promise<Response>
  /** One value of /metrics, by the start of its line. */
  sample(name: string): Promise<number>
  exitCode(): Promise<number | null>
}

/**
 * An address of its own, so that vLLM's own port is free there: one that was free on 127.0.0.1 a moment ago may be taken, by an
 * outgoing connection also. Above the networks of embedded clusters.
 */
const ownAddress = (): string => `127.255.${randomInt(256)}.${randomInt(1, 255)}`

/** `stack/apps/vllm/main.ts` as a process of its own. */
export const startVllm = async (
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<VllmProcess> => {
  const host = ownAddress()
  const url = `http://${host}:8000`
  const all = ['--model', 'm-8B', '--max-model-len', '4096', '--host', host, ...args]
  const child = spawn(process.execPath, [MAIN, ...all], {
    env: { ...process.env, VLLM_EMULATOR_COLD_START: '500ms', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let log = ''
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    log += part
  })
  const ended = once(child, 'close')
  const corePid = (): number => Number(/EngineCore pid=(\d+)/.exec(log)?.[1])
  return {
    url,
    child,
    log: () => log,
    corePid,
    ready: async () => {
      for (let tries = 0; tries < 300; tries++) {
        const answer = await fetch(`${url}/health`).catch(() => null)
        if (answer?.ok === true) return
        if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}:\n${log}`)
        await delay(100)
      }
      throw new Error('not ready within thirty seconds')
    },
    ask: (body, signal) =>
      fetch(`${url}/v1/completions`, {
        method: 'POST',
        body: JSON.stringify({ prompt: 'x', max_tokens: 2_000, ignore_eos: true, ...body }),
        headers: { 'content-type': 'application/json' },
        // What is never answered is to be seen as such, before the test's own time is over.
        signal: signal ?? AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      }),
    sample: async (name) => {
      const page = await (await fetch(`${url}/metrics`)).text()
      const line = page.split('\n').find((candidate) => candidate.startsWith(name))
      return Number(line?.slice(line.lastIndexOf(' ') + 1))
    },
    exitCode: async () => {
      await ended
      return child.exitCode
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      // It ends with its parent, but not while it is stopped.
      const core = corePid()
      if (core > 0 && child.exitCode === null) kill(core)
      await ended
    },
  }
}

// --- Internal helpers ---

const ANSWER_TIMEOUT_MS = 30_000

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It was gone.
  }
}
