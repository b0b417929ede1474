import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { kill } from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { CLUSTER_ENV } from './contract.ts'

/** True while this process exists and was started for this cluster: a number alone may have gone to another process. */
export const belongsToCluster = (pid: number, clusterId: string): boolean => {
  try {
    const entry = `${CLUSTER_ENV}=${clusterId}`
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(entry)
  } catch {
    return false
  }
}

/** The caller's own processes of this cluster, without the caller. Zombies have no environment and do not count. */
export const clusterProcesses = (clusterId: string): number[] => {
  const { uid } = userInfo()
  const self = Number(readlinkSync('/proc/self'))
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== self && ownerOf(pid) === uid && belongsToCluster(pid, clusterId))
}

/** False where the process was gone already. */
export const signalProcess = (pid: number, signal: 'SIGTERM' | 'SIGKILL'): boolean => {
  try {
    return kill(pid, signal)
  } catch {
    return false
  }
}

/**
 * Ends every process of the cluster: SIGTERM, after `graceMs` SIGKILL, and returns when none is left. Throws where
 * one does not even die of SIGKILL (it hangs in the kernel).
 * @returns how many there were
 */
export const reap = async (clusterId: string, graceMs = 3_000): Promise<number> => {
  const start = performance.now()
  const asked = new Set<number>()
  for (;;) {
    const pids = clusterProcesses(clusterId)
    if (pids.length === 0) return asked.size
    const elapsed = performance.now() - start
    if (elapsed > graceMs + KILL_MS) throw new Error(`processes ${pids.join(', ')} do not end after SIGKILL`)
    for (const pid of pids) {
      if (elapsed >= graceMs) signalProcess(pid, 'SIGKILL')
      // A second SIGTERM means "at once" to some programs.
      else if (!asked.has(pid)) signalProcess(pid, 'SIGTERM')
      asked.add(pid)
    }
    await delay(POLL_MS)
  }
}

// --- Internal helpers ---

const KILL_MS = 10_000
const POLL_MS = 50

const ownerOf = (pid: number): number | null => {
  try {
    return statSync(`/proc/${pid}`).uid
  } catch {
    return null
  }
}
