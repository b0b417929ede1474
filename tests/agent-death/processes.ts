import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { CLUSTER_ENV } from '../../lib/cluster/contract.ts'
import { CONTAINER_ENV } from '../../lib/cluster/node/leftovers.ts'
import { pids, procEnv } from '../../lib/cluster/node/proc.ts'
import { timesReady } from '../../lib/cluster/supervisor/kept-part.ts'
import { belongsToCluster, clusterProcesses } from '../../lib/cluster/reap.ts'
import type { ClusterInfo } from '../../lib/cluster/types.ts'
import { until } from '../../lib/core/until.ts'
import type { V1Pod } from '../../lib/kube/types.ts'
import { isStopped, tasksWith } from '../support/containers.ts'
import { commandLine } from '../support/proc.ts'

/** SIGKILL, as where memory is full: it is dead when this resolves; `back` once its successor says that it is ready. */
export const killAgent = async ({ stateDir, logs }: ClusterInfo): Promise<{ back: Promise<void> }> => {
  const log = join(logs, 'agent.log')
  const lives = timesReady(log)
  const agent = agentOf(stateDir)
  process.kill(agent, 'SIGKILL')
  const isDead = async (): Promise<boolean> => !belongsToCluster(agent, stateDir)
  await until(isDead, { what: 'the node agent to be dead', timeoutMs: 5_000, everyMs: 5 })
  const isBack = async (): Promise<boolean> => timesReady(log) > lives
  return { back: until(isBack, { what: 'another node agent', timeoutMs: 30_000, everyMs: 50 }) }
}

/** What runs in containers, and must not where no fault is: as if it were objects. */
export const containersNow = ({ stateDir }: ClusterInfo, pods: readonly V1Pod[]): [string, unknown][] => {
  const containers = pids().flatMap((pid) => {
    const marker = markerOf(pid, stateDir)
    return marker === null ? [] : [{ pid, marker }]
  })
  const known = new Set(pods.flatMap(runsOf))
  const uids = new Set(pods.map(({ metadata }) => metadata?.uid))
  return [
    ['containers/stopped', containers.filter(({ pid }) => isStopped(pid)).map(({ marker }) => marker)],
    ['containers/tasks', tasksWith(`${CLUSTER_ENV}=${stateDir}`).map(({ name }) => name)],
    ['containers/that no pod has', containers.map(({ marker }) => marker).filter((marker) => !known.has(marker))],
    ['folders/of no pod', readdirSync(join(stateDir, 'pods')).filter((uid) => !uids.has(uid))],
  ]
}

// --- Internal helpers ---

const agentOf = (stateDir: string): number => {
  const config = join(stateDir, 'agent.json')
  const found = clusterProcesses(stateDir).find((pid) => commandLine(pid).includes(config))
  if (found === undefined) throw new Error('expected a node agent, found none')
  return found
}

/** Markers of the containers that the API says are running. */
const runsOf = ({ status }: V1Pod): string[] =>
  (status?.containerStatuses ?? []).flatMap(({ state, containerID = '' }) =>
    state?.running === undefined ? [] : [containerID.replace('process://', '')],
  )

/** `POD_UID/CONTAINER/ATTEMPT`; null for what is no container's process. */
const markerOf = (pid: number, stateDir: string): string | null => {
  const env = procEnv(pid) ?? []
  if (!env.includes(`${CLUSTER_ENV}=${stateDir}`)) return null
  return env.find((entry) => entry.startsWith(`${CONTAINER_ENV}=`))?.slice(CONTAINER_ENV.length + 1) ?? null
}
