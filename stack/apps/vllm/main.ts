import { readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { z } from 'zod'
import { errorMessage } from '../../../lib/core/errors.ts'
import { renderProcessMetrics } from '../../../lib/vllm/metrics/process-metrics.ts'
import { parseServeArguments } from './arguments.ts'
import { createLog } from './log.ts'
import { type Running, start } from './start.ts'
import { EmulatorEnv } from './settings.ts'
import { logShutdown } from './start-log.ts'

/** `vllm serve`, emulated: vLLM's arguments, what is peculiar to the emulation from the environment. */
const log = createLog(
  (text) => void process.stdout.write(text),
  process.pid,
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

let running: Running | null = null

const shutDown = async (): Promise<void> => {
  logShutdown(log)
  await running?.stop()
  log.uvicorn('Waiting for application shutdown.')
  log.uvicorn('Application shutdown complete.')
  process.exit(0)
}

const serve = async (): Promise<void> => {
  const parsed = parseServeArguments(process.argv.slice(2))
  if (!parsed.ok) {
    process.stderr.write(parsed.message)
    process.exit(2)
  }
  const env = EmulatorEnv.safeParse(process.env)
  if (!env.success) {
    process.stderr.write(`vllm emulator: environment not usable: ${z.prettifyError(env.error)}\n`)
    process.exit(64)
  }
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => void shutDown())
  // Streams that failed have a moment to reach their clients.
  const onDeath = (): void => void setTimeout(() => process.exit(1), 200)
  running = await start({
    args: parsed.arguments,
    env: env.data,
    pid: process.pid,
    log,
    processMetrics,
    onDeath,
  })
  if (running === null) process.exit(1)
}

serve().catch((error: unknown) => {
  log.line('APIServer', 'ERROR', 'launcher.py:195', errorMessage(error))
  process.exit(1)
})
