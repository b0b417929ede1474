import { mkdirSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { UserError } from '../core/errors.ts'
import { launch } from './launch.ts'
import { type Lock, tryLock } from './lock.ts'
import { claimPodNetwork } from './pod-network.ts'
import { findPort, isFree } from './ports.ts'
import { prepareCluster } from './prepare.ts'
import { belongsToCluster, reap, signalProcess } from './reap.ts'
import { createStateDir, readJson, removeStateDir, type StateDir, stateDirOf } from './state-dir.ts'
import { NETWORK_TAKEN } from './supervisor/plan.ts'
import { ClusterFailure } from './supervisor/protocol.ts'
import { AGENT_GRACE_MS } from './contract.ts'
import { ClusterInfo, type ImageMap, type NodeTemplate } from './types.ts'

export interface ClusterRef {
  /** Clusters of different names run side by side. */
  name: string
  /** The folder of all clusters' state dirs. */
  stateRoot: string
}

export interface ClusterProgress {
  step: 'clean' | 'prepare' | 'api' | 'controllers' | 'nodes'
  text: string
}

export interface StartOptions extends ClusterRef {
  /** Path of the control-plane binary. */
  tools: { kube: string }
  /**
   * The node agent's command line; it gets the path of its config as last argument. With so many `deaths` within a minute, five where
   * none are given, it takes the cluster down.
   */
  agent: { command: readonly string[]; deaths?: number | undefined }
  /** Path of the bundled supervisor, which takes less memory than its source; without it, the source. */
  supervisor?: string | undefined
  images: ImageMap
  nodes: readonly NodeTemplate[]
  /** A free one is chosen where none is given. */
  apiPort?: number | undefined
  onProgress?: (progress: ClusterProgress) => void
  signal: AbortSignal
}

/**
 * Removes what an earlier cluster of this name left, starts a new one, and returns when the API, the controllers and
 * all nodes are ready. On the signal or a failure everything is stopped and removed before this throws: the signal's
 * reason, or a UserError with the last log lines of the part that failed.
 */
export const startCluster = async (options: StartOptions): Promise<ClusterInfo> => {
  mkdirSync(options.stateRoot, { recursive: true, mode: 0o700 })
  const dir = stateDirOf(options.stateRoot, options.name)
  const lock = await lockCluster(options.name, dir)
  try {
    if (await isRunning(options)) throw alreadyRunning(options.name)
    return await start(options, dir)
  } finally {
    await lock.release()
  }
}

/**
 * Stops the cluster in order and removes its state dir, in whatever state it is.
 * @returns false where there was nothing to stop
 */
export const stopCluster = async ({ name, stateRoot }: ClusterRef): Promise<boolean> => {
  const dir = stateDirOf(stateRoot, name)
  const lock = await lockCluster(name, dir)
  try {
    const info = findCluster({ name, stateRoot })
    if (info !== null) await stopSupervisor(info)
    return await clean(dir)
  } finally {
    await lock.release()
  }
}

/** The cluster of this name, ready for use; null where there is none, or it is starting, stopping or broken. */
export const findCluster = ({ name, stateRoot }: ClusterRef): ClusterInfo | null => {
  const dir = stateDirOf(stateRoot, name)
  const info = readJson(dir.info, ClusterInfo)
  return info !== null && belongsToCluster(info.supervisorPid, dir.id) ? info : null
}

/** Why the cluster went down by itself, until it is started or stopped again; null otherwise. Its logs are still in its state dir. */
export const findClusterFailure = ({ name, stateRoot }: ClusterRef): ClusterFailure | null =>
  readJson(stateDirOf(stateRoot, name).failure, ClusterFailure)

// --- Internal helpers ---

/** A process that was killed just now is in /proc until the kernel has taken it down: only who is there twice runs. */
const isRunning = async (ref: ClusterRef): Promise<boolean> => {
  if (findCluster(ref) === null) return false
  await delay(300)
  return findCluster(ref) !== null
}

const ATTEMPTS = 3
const STOP_MS = AGENT_GRACE_MS + 20_000
const IN_USE = /address already in use/

const start = async (options: StartOptions, dir: StateDir): Promise<ClusterInfo> => {
  for (let attempt = 1; ; attempt++) {
    options.onProgress?.({ step: 'clean', text: 'removing what an earlier cluster left' })
    await clean(dir)
    options.signal.throwIfAborted()
    const failure = await startOnce(options, dir).catch(async (error: unknown) => {
      await clean(dir)
      throw error
    })
    const info = findCluster(options)
    if (failure === null && info !== null && !options.signal.aborted) return info
    if (info !== null) await stopSupervisor(info)
    await clean(dir)
    options.signal.throwIfAborted()
    if (failure === null) throw new Error('the cluster ended as soon as it was ready')
    // Somebody took the port or the network between the look and the use.
    if (attempt < ATTEMPTS && wasTaken(failure)) continue
    throw startFailed(failure, options)
  }
}

const startOnce = async (options: StartOptions, dir: StateDir): Promise<ClusterFailure | null> => {
  const { apiPort, onProgress, signal } = options
  onProgress?.({ step: 'prepare', text: 'certificates and configuration' })
  if (apiPort !== undefined && !(await isFree([LOCALHOST], apiPort))) throw portTaken(apiPort)
  const network = await claimPodNetwork()
  try {
    createStateDir(dir)
    await prepareCluster({
      ...options,
      dir,
      kube: options.tools.kube,
      podNetwork: network.prefix,
      apiPort: apiPort ?? (await findPort([LOCALHOST])),
      now: Date.now(),
    })
    onProgress?.({ step: 'api', text: 'starting etcd and the API server' })
    return await launch({
      dir,
      program: options.supervisor,
      signal,
      onMessage: (message) => {
        if (message.type === 'started') void network.lock.release()
        if (message.type !== 'reached') return
        if (message.step === 'api') onProgress?.({ step: 'controllers', text: 'starting controllers and nodes' })
        if (message.step === 'nodes') onProgress?.({ step: 'nodes', text: `${options.nodes.length} nodes ready` })
      },
    })
  } finally {
    await network.lock.release()
  }
}

const LOCALHOST = '127.0.0.1'

const lockCluster = async (name: string, dir: StateDir): Promise<Lock> => {
  const lock = await tryLock(`cluster ${dir.id}`)
  if (lock !== null) return lock
  throw new UserError({
    code: 'cluster-busy',
    message: `expected cluster "${name}" to be idle, found another firedrill starting or stopping it`,
    hint: 'wait for it, or interrupt it with Ctrl-C',
  })
}

const stopSupervisor = async ({ supervisorPid, stateDir }: ClusterInfo): Promise<void> => {
  const deadline = performance.now() + STOP_MS
  signalProcess(supervisorPid, 'SIGTERM')
  while (belongsToCluster(supervisorPid, stateDir) && performance.now() < deadline) await delay(50)
}

/** @returns whether there was anything */
const clean = async (dir: StateDir): Promise<boolean> => {
  const reaped = await reap(dir.id)
  const removed = removeStateDir(dir)
  return reaped > 0 || removed
}

const wasTaken = ({ reason, log }: ClusterFailure): boolean =>
  reason.includes(NETWORK_TAKEN) || log.some((line) => IN_USE.test(line))

const startFailed = ({ part, reason, log }: ClusterFailure, { apiPort, name }: StartOptions): UserError => {
  if (apiPort !== undefined && part === 'apiserver' && log.some((line) => IN_USE.test(line))) return portTaken(apiPort)
  return new UserError({
    code: 'cluster-start-failed',
    message: [`expected cluster "${name}" to start, found: ${part} ${reason}`, ...log.map((line) => `  ${line}`)].join(
      '\n',
    ),
    hint: 'nothing of it was left; try again, and with less else running where it was too slow',
  })
}

const portTaken = (port: number): UserError =>
  new UserError({
    code: 'api-port-taken',
    message: `expected port ${port} of 127.0.0.1 to be free for the API server, found it in use`,
    hint: 'name another port, or none to have a free one chosen',
  })

const alreadyRunning = (name: string): UserError =>
  new UserError({
    code: 'cluster-running',
    message: `expected no cluster "${name}", found it running`,
    hint: 'use it, or stop it first: firedrill down',
  })
