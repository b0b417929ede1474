import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { PartSpec } from './plan.ts'

/** A running process of the cluster. */
export interface Part {
  name: string
  logFile: string
  /** How it ended: `exited with code 1`, `killed by SIGKILL`. Never rejects. */
  exited: Promise<string>
  /** SIGTERM, after `graceMs` SIGKILL; resolves when it is gone. */
  stop(graceMs: number): Promise<void>
}

export interface PartOptions {
  spec: PartSpec
  /** The whole environment below the part's own. */
  env: Record<string, string | undefined>
  /** Working directory. */
  cwd: string
  logs: string
}

/** Starts a part with its output in a file: a pipe would break it when the supervisor dies. */
export const startPart = ({ spec, env, cwd, logs }: PartOptions): Part => {
  const logFile = join(logs, `${spec.name}.log`)
  const log = openSync(logFile, 'a', 0o600)
  const [program = '', ...args] = spec.command
  // Nothing is ever written to stdin: its end tells the part that the supervisor is gone.
  const child = spawn(program, args, { cwd, env: { ...env, ...spec.env }, stdio: ['pipe', log, log] })
  closeSync(log)
  const exited = exitOf(child)
  const stop = async (graceMs: number): Promise<void> => {
    child.kill('SIGTERM')
    const timer = new AbortController()
    const grace = delay(graceMs, 'late', { signal: timer.signal }).catch(() => 'ended')
    if ((await Promise.race([exited, grace])) === 'late') child.kill('SIGKILL')
    timer.abort()
    await exited
  }
  return { name: spec.name, logFile, exited, stop }
}

/** The last lines of a log, long ones cut; empty where there is no log. */
export const lastLines = (logFile: string, count = 12): string[] =>
  allLines(logFile)
    .slice(-count)
    .map((line) => (line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH)}…` : line))

/** Empty where there is no log. */
export const allLines = (logFile: string): string[] => {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n')
  } catch {
    return []
  }
}

// --- Internal helpers ---

const LINE_LENGTH = 300

const exitOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`))
    child.once('exit', (code, signal) => resolve(signal === null ? `exited with code ${code}` : `killed by ${signal}`))
  })
