import { rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from '../../core/clock.ts'
import { errorMessage } from '../../core/errors.ts'
import { tryLock } from '../lock.ts'
import { reap } from '../reap.ts'
import { writeJson } from '../state-dir.ts'
import { AGENT_GRACE_MS, clusterEnv } from '../contract.ts'
import { apiProbe } from './api-probe.ts'
import { keepPart, timesReady } from './kept-part.ts'
import { lastLines, type Part, startPart } from './part.ts'
import { NETWORK_TAKEN, type PartSpec, type SupervisorPlan } from './plan.ts'
import type { ClusterFailure, SupervisorMessage } from './protocol.ts'

export interface SuperviseOptions {
  plan: SupervisorPlan
  pid: number
  env: Record<string, string | undefined>
  /** Ends the cluster. */
  signal: AbortSignal
  send(message: SupervisorMessage): void
  /** One line for the supervisor's own log. */
  log(message: string): void
}

/**
 * Runs the cluster until the signal, or until one of its parts ends. No part of the control plane is restarted: etcd's state cannot be
 * trusted after that, and a drill on a half-dead cluster would measure the wrong thing. A killed agent is, as a kubelet would be:
 * without it no fault that acts through a node could be healed. Then all parts are stopped in order, and nothing of the cluster runs any more when this returns.
 * @returns the failure, or null after the signal
 */
export const supervise = async (options: SuperviseOptions): Promise<ClusterFailure | null> => {
  const { plan, signal, send } = options
  const parts: Part[] = []
  // Aborted by whatever ends the cluster first; the reason is the failure, or null.
  const end = new AbortController()
  const onSignal = (): void => end.abort(null)
  signal.addEventListener('abort', onSignal)
  if (signal.aborted) onSignal()
  try {
    await bringUp(options, parts, end)
    await aborted(end.signal)
  } catch (error) {
    // An error that is not of the end itself: a part that did not become ready in time, or a bug.
    if (!end.signal.aborted) end.abort(error instanceof PartError ? error.failure : failure(null, errorMessage(error)))
  }
  // Typed as any by the platform; only the three calls above set it.
  const reason: ClusterFailure | null = end.signal.reason
  rmSync(plan.infoFile, { force: true })
  if (reason !== null) {
    writeJson(plan.failureFile, reason)
    send({ type: 'failed', failure: reason })
  }
  await bringDown(plan, parts)
  return reason
}

// --- Internal helpers ---

const POLL_MS = 50
const LOCK_MS = 5_000
const READY_MS = 60_000
const CONTROL_PLANE_GRACE_MS = 3_000

class PartError extends Error {
  readonly failure: ClusterFailure

  constructor(reason: ClusterFailure) {
    super(`${reason.part}: ${reason.reason}`)
    this.failure = reason
  }
}

const bringUp = async (
  { plan, pid, env, send, log }: SuperviseOptions,
  parts: Part[],
  end: AbortController,
): Promise<void> => {
  const { signal } = end
  send({ type: 'started' })
  await until(signal, LOCK_MS, null, NETWORK_TAKEN, async () => (await tryLock(plan.networkLock)) !== null)
  const common = { ...env, ...clusterEnv(plan.clusterId), FIREDRILL_DIE_WITH_PARENT: '1' }
  const begin = (spec: PartSpec): Part => startPart({ spec, env: common, cwd: plan.clusterId, logs: plan.logs })
  const watch = (part: Part): Part => {
    parts.push(part)
    void part.exited.then((how) => end.abort(failure(part, how)))
    return part
  }
  const start = (spec: PartSpec): Part => watch(begin(spec))
  const probe = apiProbe(plan.api)
  const answers = async (path: string): Promise<boolean> => (await probe(path)) === 200

  const first = plan.first.map(start)
  await until(signal, READY_MS, first.at(-1) ?? null, 'was not ready', () => answers('/readyz'))
  send({ type: 'reached', step: 'api' })
  const [controllers] = plan.next.map(start)
  const onAgain = (how: string, pauseMs: number): void =>
    log(`${plan.agent.name} was ${how}, and is started again${pauseMs === 0 ? '' : ` in ${pauseMs} ms`}`)
  const agent = watch(
    keepPart({ start: () => begin(plan.agent), onAgain, deaths: plan.agentDeaths, clock: systemClock }),
  )
  const working = async (): Promise<void> => {
    // The first thing that the controllers make: before it, no pod can be created.
    const path = '/api/v1/namespaces/default/serviceaccounts/default'
    await until(signal, READY_MS, controllers ?? null, 'did nothing', () => answers(path))
    send({ type: 'reached', step: 'controllers' })
  }
  const nodesReady = async (): Promise<void> => {
    await until(signal, READY_MS, agent, 'had no nodes ready', () => timesReady(agent.logFile) > 0)
    send({ type: 'reached', step: 'nodes' })
  }
  await Promise.all([working(), nodesReady()])
  writeJson(plan.infoFile, { ...plan.info, supervisorPid: pid })
  send({ type: 'ready' })
}

/** The agent first: it stops its pods and needs the API for that. Then whatever uses another part before that part. */
const bringDown = async ({ agent, clusterId }: SupervisorPlan, parts: readonly Part[]): Promise<void> => {
  for (const part of parts.toReversed().sort((a, b) => Number(b.name === agent.name) - Number(a.name === agent.name)))
    await part.stop(part.name === agent.name ? AGENT_GRACE_MS : CONTROL_PLANE_GRACE_MS)
  await reap(clusterId)
}

/** Polls until `check` holds; throws where the cluster ends before that, or after `limitMs`. */
const until = async (
  signal: AbortSignal,
  limitMs: number,
  part: Part | null,
  otherwise: string,
  check: () => boolean | Promise<boolean>,
): Promise<void> => {
  const deadline = performance.now() + limitMs
  while (!(await check())) {
    if (performance.now() > deadline) throw new PartError(failure(part, `${otherwise} after ${limitMs / 1_000} s`))
    await delay(POLL_MS, undefined, { signal })
  }
  signal.throwIfAborted()
}

const failure = (part: Part | null, reason: string): ClusterFailure => ({
  part: part?.name ?? 'supervisor',
  reason,
  log: part === null ? [] : lastLines(part.logFile),
  at: Date.now(),
})

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
