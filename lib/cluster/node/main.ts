import { readFileSync } from 'node:fs'
import process from 'node:process'
import { errorMessage } from '../../core/errors.ts'
import { AGENT_READY } from '../types.ts'
import { runAgent } from './agent.ts'
import { NodeAgentConfig } from './config.ts'
import { keepHeapSmall } from './small-heap.ts'

// The node agent: `node main.ts <config.json>`. Runs until SIGTERM, or until its stdin ends: then the supervisor was killed.

const PASSED = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR']

keepHeapSmall()

const stop = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop.abort())
process.stdin.on('end', () => stop.abort()).on('error', () => stop.abort())
process.stdin.resume()

const log = (message: string): void => void process.stderr.write(`${new Date().toISOString()} ${message}\n`)

// One pod's bug must not take all pods down.
process.on('unhandledRejection', (error) => log(`bug: ${error instanceof Error ? error.stack : errorMessage(error)}`))

const hostEnv: Record<string, string> = {}
for (const name of PASSED) {
  const value = process.env[name]
  if (value !== undefined) hostEnv[name] = value
}

try {
  await runAgent({
    config: NodeAgentConfig.parse(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))),
    hostEnv,
    kill: (pid, signal) => process.kill(pid, signal),
    now: Date.now,
    log,
    onReady: () => process.stdout.write(`${AGENT_READY}\n`),
    signal: stop.signal,
  })
  process.exit(0)
} catch (error) {
  log(errorMessage(error))
  process.exit(1)
}
