import { faults as shipped } from '../faults/registry.gen.ts'
import type { Clock } from '../../lib/core/clock.ts'
import { UserError, errorMessage } from '../../lib/core/errors.ts'
import type { FaultRegistry, Observer } from '../../lib/core/fault.ts'
import { FaultResource } from '../../lib/core/fault-resource.ts'
import { type Kube, isNotFound, isTransient, reaching } from '../../lib/kube/client.ts'
import { fencedKube } from '../../lib/kube/fenced.ts'
import { type Holding, type LeaseOptions, acquireLease, keepLease } from '../../lib/kube/lease.ts'
import { type ServerClock, serverClock } from '../../lib/kube/server-clock.ts'
import { watchCollection } from '../../lib/kube/watch.ts'
import { clusterRecord } from './cluster-record.ts'
import { clusterTarget } from './cluster-target.ts'
import { type Context, type ControllerEvent, exclusively } from './context.ts'
import { faultsPath, listFaultObjects, listFaults } from './fault-store.ts'
import { type Worker, startWorker } from './worker.ts'

export const LEASE_NAME = 'firedrill-controller'
const WAIT_MS = 1_000

export interface ControllerOptions {
  kube: Kube
  /** Faults of this namespace only. */
  namespace: string
  observe: Observer
  /** Who acts, by a name that nobody else has: from `processHolder`. */
  holder: string
  onEvent(event: ControllerEvent): void | Promise<void>
  signal?: AbortSignal
  /** Without it, the API server's: this machine's may be wrong. */
  clock?: Clock
  faults?: FaultRegistry
  /** While another controller holds the Lease: wait for it, or throw `controller-running`. */
  whenHeld?: 'wait' | 'refuse'
  /** Ends what is there, begins nothing. */
  healOnly?: boolean
}

export interface Controller {
  /** Stops acting and lets go of the Lease; heals nothing. */
  stop(): Promise<void>
  /** Resolves when it has stopped. */
  done: Promise<void>
}

/** Resolves once this controller acts. It takes the Lease again when it loses it, until the signal or `stop`. */
export const startController = async (options: ControllerOptions): Promise<Controller> => {
  const { kube, namespace, holder, onEvent, whenHeld = 'wait' } = options
  const stopping = new AbortController()
  const signal = AbortSignal.any([stopping.signal, ...(options.signal === undefined ? [] : [options.signal])])
  await requireCrd(kube, namespace)
  const clock = options.clock ?? (await clockInStep(kube, signal))
  const lease = { kube, namespace, name: LEASE_NAME, holder, clock }
  await take(lease, { onEvent, signal, whenHeld, clock })
  const terms = async (): Promise<void> => {
    while (!signal.aborted) {
      await act({ ...options, clock }, lease, signal)
      if (!signal.aborted) await take(lease, { onEvent, signal, whenHeld: 'wait', clock })
    }
  }
  const done = terms().catch(async (error: unknown) => {
    await onEvent({ actor: 'controller', phase: 'fail', what: 'stopped', value: errorMessage(error) })
    throw error
  })
  // Whoever cares awaits `done` or `stop`; nobody has to.
  done.catch(() => undefined)
  const stop = (): Promise<void> => {
    stopping.abort()
    return done
  }
  return { stop, done }
}

export const controllerRunning = (namespace: string, { heldBy, renewedAt }: Holding): UserError =>
  new UserError({
    code: 'controller-running',
    message: `expected no other fault controller in ${namespace}, found ${heldBy} (host/process/start), last seen ${new Date(renewedAt).toISOString()}`,
    hint: 'wait until the other run ends, or stop it',
  })

/** Throws `crd-missing` where the cluster does not know what a Fault is. */
export const requireCrd = async (kube: Kube, namespace: string): Promise<void> => {
  try {
    await reaching(kube, listFaults(kube, namespace))
  } catch (error) {
    if (!isNotFound(error)) throw error
    throw new UserError({
      code: 'crd-missing',
      message: 'expected the cluster to know faults.firedrill.dev, found that it does not',
      hint: 'install it once, with the rights of an administrator: kubectl apply -f chaos/controller/crd.gen.yaml',
      cause: error,
    })
  }
}

// --- Internal helpers ---

const clockInStep = async (kube: Kube, signal: AbortSignal): Promise<ServerClock> => {
  const clock = await serverClock(kube)
  void clock.keep(signal)
  return clock
}

type Taking = Pick<ControllerOptions, 'onEvent'> & { signal: AbortSignal; whenHeld: 'wait' | 'refuse'; clock: Clock }

/** Resolves with the Lease taken, or at the signal. */
const take = async (lease: LeaseOptions, { onEvent, signal, clock, whenHeld }: Taking): Promise<void> => {
  let told = ''
  while (!signal.aborted) {
    const acquired = await acquireLease(lease).catch(async (error: unknown) => {
      if (!isTransient(error)) throw error
      await onEvent({ actor: 'controller', phase: 'info', what: 'retry', value: errorMessage(error) })
      return null
    })
    if (acquired === null) {
      await clock.sleep(WAIT_MS, signal)
      continue
    }
    if (acquired.ok) return await onEvent({ actor: 'controller', phase: 'ok', what: 'lease', value: lease.holder })
    const { heldBy, renewedAt } = acquired
    if (whenHeld === 'refuse') throw controllerRunning(lease.namespace, acquired)
    if (told !== heldBy)
      await onEvent({ actor: 'controller', phase: 'info', what: 'lease', value: { heldBy, renewedAt } })
    told = heldBy
    await clock.sleep(WAIT_MS, signal)
  }
}

type Acting = ControllerOptions & { clock: Clock }

/** One term: a worker for each Fault, until the signal or the loss of the Lease. */
const act = async (options: Acting, lease: LeaseOptions, signal: AbortSignal): Promise<void> => {
  const { namespace, observe, onEvent, clock, faults = shipped, healOnly = false } = options
  // The Lease outlasts the work: it is given back when no worker can act any more.
  const working = new AbortController()
  const kept = keepLease(lease, working.signal)
  const term = AbortSignal.any([signal, kept.lost])
  const kube = fencedKube(options.kube, kept.requireHeld)
  const context: Context = {
    kube,
    namespace,
    observe,
    record: clusterRecord(kube),
    target: clusterTarget({ kube, observe, clock }),
    onEvent,
    clock,
    faults,
    healOnly,
    signal: term,
    exclusive: exclusively(),
  }
  const workers = new Map<string, Worker>()
  const onChange = (fault: FaultResource): void => {
    const uid = fault.metadata.uid ?? ''
    const known = workers.get(uid)
    if (known !== undefined) return known.wake(fault)
    const worker = startWorker(context, fault)
    workers.set(uid, worker)
    void worker.done.then(() => workers.delete(uid))
  }
  await watchCollection<FaultResource>({
    kube,
    path: faultsPath(namespace),
    list: () => listFaultObjects(kube, namespace),
    onChange: (change, object) => {
      const parsed = FaultResource.safeParse(object)
      if (change !== 'deleted' && parsed.success) onChange(parsed.data)
    },
    onError: (error) => void onEvent({ actor: 'controller', phase: 'info', what: 'watch', value: errorMessage(error) }),
    signal: term,
  })
  await Promise.all([...workers.values()].map(({ done }) => done))
  working.abort()
  await kept.released
  const what = kept.lost.aborted ? 'lease-lost' : 'stopped'
  await onEvent({ actor: 'controller', phase: 'info', what, value: lease.holder })
}
