import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import type { V1Pod } from '../../lib/kube/types.ts'

/** The commands of Jobs' pods, as processes: what they do to the played GPU is really done. */
export interface JobProcesses {
  /** Starts what the pod asks for, where it does not run yet; true once it says that it is ready (`./done`), or where it has no command. */
  ready(pod: V1Pod): boolean
  /** Tells it to end, kills it when its grace is over; true once it has ended. */
  ended(pod: V1Pod): boolean
  /** Kills what belongs to none of these pods: theirs were deleted with no grace. */
  keepOnly(pods: readonly V1Pod[]): void
}

interface Running {
  child: ChildProcess
  folder: string
  killAt: number | null
}

export const playJobs = (home: string, env: Record<string, string>): JobProcesses => {
  const running = new Map<string, Running>()
  const start = (uid: string, [file = '', ...args]: readonly string[]): Running => {
    const folder = join(home, uid)
    mkdirSync(folder)
    const child = spawn(file, args, { cwd: folder, env, detached: true, stdio: 'ignore' })
    child.on('error', () => undefined)
    const started = { child, folder, killAt: null }
    running.set(uid, started)
    return started
  }
  return {
    ready: ({ metadata, spec }) => {
      const { command, args = [] } = spec?.containers[0] ?? {}
      if (command === undefined) return true
      const uid = metadata?.uid ?? ''
      const { folder } = running.get(uid) ?? start(uid, [...command, ...args])
      return existsSync(join(folder, 'done'))
    },
    ended: ({ metadata, spec }) => {
      const job = running.get(metadata?.uid ?? '')
      if (job === undefined || !isRunning(job)) return true
      if (job.killAt === null) {
        job.killAt = Date.now() + (spec?.terminationGracePeriodSeconds ?? 30) * 1_000
        job.child.kill('SIGTERM')
      }
      if (Date.now() >= job.killAt) killGroup(job)
      return false
    },
    keepOnly: (pods) => {
      const known = new Set(pods.map(({ metadata }) => metadata?.uid))
      for (const [uid, job] of running) {
        if (known.has(uid)) continue
        if (isRunning(job)) killGroup(job)
        running.delete(uid)
      }
    },
  }
}

// --- Internal helpers ---

const isRunning = ({ child: { pid, exitCode, signalCode } }: Running): boolean =>
  pid !== undefined && exitCode === null && signalCode === null

const killGroup = ({ child: { pid } }: Running): void => {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // Ended by itself.
  }
}
