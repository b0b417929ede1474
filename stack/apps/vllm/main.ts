import { readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { z } from 'zod'
import { errorMessage } from '../../../lib/core/errors.ts'
import { renderProcessMetrics } from '../../../lib/vllm/metrics/process-metrics.ts'
import { parseServeArguments } from './arguments.ts'
import { withConfigFile } from './config-file.ts'
import { startEngineCore } from './engine-core.ts'
import type { Life } from './life.ts'
import { createLog } from './log.ts'
import { start } from './start.ts'
import { EmulatorEnv, unknownArguments } from './settings.ts'

/** `vllm serve`, emulated: vLLM's arguments, what is peculiar to the emulation from the environment. */
let enginePid = process.pid
const log = createLog(
  (text) => void process.stdout.write(text),
  (name) => (name === 'EngineCore' ? enginePid : process.pid),
  () => new Date(),
)
// Whoever read the log may be gone: that is no reason to stop.
process.stdout.on('error', () => undefined)
const startedAt = Date.now() / 1_000

const processMetrics = (): string => {
  const { user, system } = process.cpuUsage()
  const limit = /Max open files\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  const virtual = readFileSync('/proc/self/statm', 'utf8').split(' ')[0]
  return renderProcessMetrics({
    virtualBytes: Number(virtual) * 4_096,
    residentBytes: process.memoryUsage.rss(),
    startedAt,
    cpuSeconds: (user + system) / 1e6,
    openFds: readdirSync('/proc/self/fd').length,
    maxFds: Number(limit ?? 0),
  })
}

let life: Life | null = null

const shutDown = async (): Promise<void> => {
  await life?.stop()
  process.exit(0)
}

const serve = async (): Promise<void> => {
  const expanded = await withConfigFile(process.argv.slice(2), (path) => readFileSync(path, 'utf8'))
  if (!expanded.ok) {
    process.stderr.write(expanded.message)
    process.exit(1)
  }
  const parsed = parseServeArguments(expanded.words)
  if (!parsed.ok) {
    process.stderr.write(parsed.message)
    process.exit(2)
  }
  const env = EmulatorEnv.safeParse(process.env)
  if (!env.success) {
    process.stderr.write(`vllm emulator: environment not usable: ${z.prettifyError(env.error)}\n`)
    process.exit(64)
  }
  const unknown = unknownArguments(parsed.arguments, env.data)
  if (unknown.length > 0) {
    process.stderr.write(`vllm: error: unrecognized arguments: ${unknown.join(' ')}\n`)
    process.exit(2)
  }
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => void shutDown())
  const core = await startEngineCore()
  enginePid = core.pid
  life = await start({
    args: parsed.arguments,
    env: env.data,
    pid: process.pid,
    log,
    core,
    processMetrics,
    // As vLLM's: uvicorn ended as it was told to, so whatever the reason, the exit is a good one.
    onEnd: () => process.exit(0),
  })
  if (life === null) {
    core.stop()
    process.exit(1)
  }
}

serve().catch((error: unknown) => {
  log.line('APIServer', 'ERROR', 'launcher.py:195', errorMessage(error))
  process.exit(1)
})
