import { CLUSTER_ENV } from '../types.ts'
import { pids, procEnv, procStat } from './proc.ts'

/** Marks a container's processes: `POD_UID/CONTAINER/ATTEMPT`. */
export const CONTAINER_ENV = 'FIREDRILL_CONTAINER'

export type Kill = (pid: number, signal: NodeJS.Signals) => void

/**
 * Kills what an ended container left: first its group, then processes that made a session of their own (found by
 * the marker in their environment), as a runtime would empty the container's cgroup.
 */
export const killContainer = (kill: Kill, clusterId: string, leader: number, marker: string): void => {
  quietly(() => kill(-leader, 'SIGKILL'))
  killMarked(kill, clusterId, (container) => container === marker)
}

/** Kills all containers of a cluster, with their groups: those of an agent that was killed before it could stop them. */
export const killLeftovers = (kill: Kill, clusterId: string): number => killMarked(kill, clusterId, () => true)

// --- Internal helpers ---

const killMarked = (kill: Kill, clusterId: string, belongs: (container: string) => boolean): number => {
  const cluster = `${CLUSTER_ENV}=${clusterId}`
  const prefix = `${CONTAINER_ENV}=`
  let killed = 0
  for (const pid of pids()) {
    const env = procEnv(pid)
    if (env === null || !env.includes(cluster)) continue
    const marker = env.find((entry) => entry.startsWith(prefix))
    if (marker === undefined || !belongs(marker.slice(prefix.length))) continue
    // A leader takes its group along: also a member that has overwritten its own environment.
    if (procStat(pid)?.group === pid) quietly(() => kill(-pid, 'SIGKILL'))
    quietly(() => kill(pid, 'SIGKILL'))
    killed += 1
  }
  return killed
}

const quietly = (act: () => void): void => {
  try {
    act()
  } catch {
    // Already gone.
  }
}
