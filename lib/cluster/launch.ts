import { type ChildProcess, fork } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { fileURLToPath } from 'node:url'
import type { StateDir } from './state-dir.ts'
import { lastLines } from './supervisor/part.ts'
import { type ClusterFailure, SupervisorMessage } from './supervisor/protocol.ts'
import { clusterEnv, NODE_MALLOC_ENV } from './contract.ts'

export interface LaunchOptions {
  dir: StateDir
  program?: string | undefined
  signal: AbortSignal
  onMessage(message: SupervisorMessage): void
}

/**
 * Starts the supervisor, detached, and waits until the cluster is ready, or until the supervisor has stopped everything
 * again: after a failure, or after the signal. It also stops by itself where this process dies before that.
 * @returns null when ready, else why not
 */
export const launch = async ({
  dir,
  program = MAIN,
  signal,
  onMessage,
}: LaunchOptions): Promise<ClusterFailure | null> => {
  const logFile = join(dir.logs, 'supervisor.log')
  const supervisor = spawnSupervisor(program, dir, logFile)
  const stop = (): void => {
    supervisor.kill('SIGTERM')
  }
  signal.addEventListener('abort', stop)
  try {
    return await new Promise((resolve) => {
      let failure: ClusterFailure | null = null
      const ended = (how: string): void =>
        resolve(failure ?? { part: 'supervisor', reason: how, log: lastLines(logFile), at: Date.now() })
      supervisor.on('message', (received) => {
        const message = SupervisorMessage.parse(received)
        if (message.type === 'failed') failure = message.failure
        if (message.type === 'ready') {
          supervisor.removeAllListeners()
          supervisor.disconnect()
          supervisor.unref()
          resolve(null)
        }
        onMessage(message)
      })
      supervisor.once('error', (error) => ended(`could not be started: ${error.message}`))
      supervisor.once('exit', (code, signalName) => ended(`ended with ${signalName ?? `code ${code}`}`))
      if (signal.aborted) stop()
    })
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

// --- Internal helpers ---

const MAIN = fileURLToPath(new URL('supervisor/main.ts', import.meta.url))

const spawnSupervisor = (program: string, dir: StateDir, logFile: string): ChildProcess => {
  const log = openSync(logFile, 'a', 0o600)
  try {
    return fork(program, [dir.plan], {
      cwd: dir.id,
      // The user's own environment (PATH, HOME, proxies) is the machine's that the nodes stand for.
      // The node agent inherits it.
      env: { ...env, ...NODE_MALLOC_ENV, ...clusterEnv(dir.id) },
      // It does little and lives long: a small heap.
      execArgv: ['--max-old-space-size=64', '--max-semi-space-size=1'],
      stdio: ['ignore', log, log, 'ipc'],
      detached: true,
    })
  } finally {
    closeSync(log)
  }
}
