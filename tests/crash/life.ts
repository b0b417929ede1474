import { setTimeout as delay } from 'node:timers/promises'
import { readFault } from '../../chaos/controller/fault-store.ts'
import { type FaultResource, RUN_LABEL, isHeld, isOver, phaseOf } from '../../lib/core/fault-resource.ts'
import { errorMessage } from '../../lib/core/errors.ts'
import { isTransient } from '../../lib/kube/client.ts'
import type { Drill } from '../support/drill.ts'
import { faultOf } from '../support/target.ts'
import { leftovers } from './compare.ts'
import type { Lane } from './lane.ts'
import type { FiredrillProcess } from './processes.ts'
import type { Snapshot } from './snapshot.ts'

/** How long whoever heals may take. */
const HEAL_TIMEOUT_MS = 60_000
/** How long the cluster may take to follow: pods that start. */
const CLEAN_TIMEOUT_MS = 40_000
/** How long the API server may take to delete what nobody holds. */
const DELETE_TIMEOUT_MS = 5_000

/** A fault as it is asked for. */
export interface Case {
  name: string
  kind: string
  params: Record<string, unknown>
}

/** What faults act on, and what a look at it finds. */
export interface Scene extends Pick<Lane, 'kube' | 'snapshot'> {
  drill: Pick<Drill, 'namespace' | 'create'>
}

let lives = 0

/** Creates the Fault. What may be taken away at most is tested elsewhere: here, all of it. */
export const begin = (lane: Scene, fault: Case, durationSeconds: number): Promise<FaultResource> =>
  lane.drill.create(faultFor(lane, fault, durationSeconds))

/** As a run creates it: what is done to its load needs one. */
export const faultFor = ({ drill }: Scene, { kind, params }: Case, durationSeconds: number): FaultResource => {
  const spec = { kind, params, durationSeconds, maxUnavailable: 100 }
  const { metadata, ...fault } = faultOf(drill.namespace, `${kind}-${(lives += 1)}`, spec)
  return { ...fault, metadata: { ...metadata, labels: { [RUN_LABEL]: 'crash' } } }
}

/** `firedrill controller` on the lane's target, by way of this kubeconfig. */
export const startController = (
  { pool, drill: { namespace }, prometheus }: Lane,
  kubeconfig: string,
): Promise<FiredrillProcess> =>
  pool.start(`controller --kubeconfig ${kubeconfig} --namespace ${namespace} --prometheus ${prometheus}`.split(' '))

/** `firedrill heal`, to its end; throws unless it says that nothing is left (it answers 0 where there was nothing to heal, too). */
export const heal = async ({ pool, plane, drill: { namespace } }: Lane): Promise<void> => {
  const healing = await pool.start(`heal --kubeconfig ${plane.kubeconfig} --namespace ${namespace}`.split(' '))
  const end = await Promise.race([healing.ended, delay(HEAL_TIMEOUT_MS, null, { ref: false })])
  await healing.kill()
  if (end === null)
    throw new Error(`expected firedrill heal to end within ${HEAL_TIMEOUT_MS / 1_000} s, found it running`)
  if (end.exitCode !== 0)
    throw new Error(
      `expected firedrill heal to end with 0, found ${end.exitCode ?? 'a signal'}: ${end.text.slice(-500)}`,
    )
}

/** What `firedrill heal --dry-run` says. */
export const dryRunOfHeal = async ({ pool, plane, drill: { namespace } }: Lane): Promise<string> => {
  const asking = await pool.start(`heal --dry-run --kubeconfig ${plane.kubeconfig} --namespace ${namespace}`.split(' '))
  return (await asking.ended).text
}

/** The Fault once it is in force; throws where it ends before. */
export const untilActive = async (lane: Scene, fault: FaultResource): Promise<FaultResource> => {
  for (const deadline = performance.now() + HEAL_TIMEOUT_MS; ; await delay(50)) {
    const now = await look(lane, fault)
    if (now === undefined) continue
    const phase = now === null ? 'gone' : phaseOf(now)
    if (now !== null && phase === 'Active') return now
    if (phase === 'gone' || phase === 'Failed' || performance.now() > deadline)
      throw new Error(`expected ${fault.metadata.name} to be Active, found ${phase}: ${now?.status?.message}`)
  }
}

/** The Fault once nothing more is to be done with it, or as it is when it took too long. */
export const untilOver = async (lane: Scene, fault: FaultResource, signal?: AbortSignal): Promise<FaultResource> => {
  for (const deadline = performance.now() + HEAL_TIMEOUT_MS; ; await delay(100)) {
    const now = await look(lane, fault)
    if (now === undefined) continue
    if (now === null) throw new Error(`expected ${fault.metadata.name} to keep its record, found none`)
    if ((isOver(phaseOf(now)) && !isHeld(now)) || performance.now() > deadline || signal?.aborted === true) return now
  }
}

/** What differs from before once the cluster has had its time to follow. */
export const untilClean = async (lane: Scene, before: Snapshot, timeoutMs = CLEAN_TIMEOUT_MS): Promise<string[]> => {
  for (const deadline = performance.now() + timeoutMs; ; await delay(200)) {
    // A machine that is busy beyond reason answers late: that is no leftover.
    const left = await lane.snapshot().then(
      (now) => leftovers(before, now),
      (error: unknown) => [errorMessage(error)],
    )
    if (left.length === 0 || performance.now() > deadline) return left
  }
}

/** Deletes the record, which nothing may hold any more. */
export const forget = async (lane: Scene, fault: FaultResource): Promise<string[]> => {
  const { namespace, name } = fault.metadata
  const type = { group: 'firedrill.dev', version: 'v1alpha1', plural: 'faults', namespace, name }
  await lane.kube.custom.deleteNamespacedCustomObject(type)
  for (const deadline = performance.now() + DELETE_TIMEOUT_MS; performance.now() < deadline; await delay(100))
    if ((await readFault(lane.kube, fault.metadata)) === null) return []
  return [`faults/${name}: expected to be deletable, found its finalizer`]
}

/** All that a fault that should be over has left: in the cluster, and of itself. */
export const whatIsLeft = async (lane: Scene, fault: FaultResource, before: Snapshot): Promise<string[]> => {
  const left = await untilClean(lane, before)
  const now = await readFault(lane.kube, fault.metadata)
  const over = now !== null && ['Healed', 'Recovered', 'Failed'].includes(phaseOf(now))
  const record = over ? [] : [`faults/${fault.metadata.name}: expected to be over, found ${now?.status?.phase}`]
  return [...left, ...record, ...(await forget(lane, fault))]
}

// --- Internal helpers ---

/** Null where it is gone; nothing where the API server does not answer just now. */
const look = async ({ kube }: Scene, { metadata }: FaultResource): Promise<FaultResource | null | undefined> => {
  try {
    return await readFault(kube, metadata)
  } catch (error) {
    if (!isTransient(error)) throw error
    return undefined
  }
}
