import type { Clock } from '../../../lib/core/clock.ts'
import type { AnyFault, Observer } from '../../../lib/core/fault.ts'
import type { FaultResource } from '../../../lib/core/fault-resource.ts'
import type { Kube } from '../../../lib/kube/client.ts'
import { dryRunOf } from '../../../lib/kube/dry-run.ts'
import { tryPod } from '../../../lib/kube/try-pod.ts'
import { faultKube } from '../fault-kube.ts'
import { admissionRefusal, isOutOfRoom } from './admission.ts'
import { ChargedPod } from './charge.ts'
import { podOf, type StartedPod } from './pod-template.ts'
import { tellingWrites } from './written.ts'

export interface Rehearsing {
  kube: Kube
  observe: Observer
  clock: Clock
  fault: FaultResource
  definition: AnyFault
  plan: unknown
}

/**
 * Plays the injection with every write only tried by the API server, up to where it waits for an effect, which a dry run does not
 * have; then tries the pods that would be started for what was written. Throws where quota, webhook or policy would refuse; tells
 * which pods come beside those that are there.
 */
export const rehearse = async (rehearsing: Rehearsing): Promise<{ created: ChargedPod[] }> => {
  const { kube, fault } = rehearsing
  const { namespace } = fault.metadata
  const written: unknown[] = []
  await unlessRefused(namespace, () => inject(rehearsing, written))
  const created: ChargedPod[] = []
  for (const pod of written.map(podOf).filter((started) => started !== null)) {
    const admitted = await unlessRefused(namespace, () => admit(kube, namespace, pod))
    if (pod.additional && admitted !== null) created.push(admitted)
  }
  return { created }
}

// --- Internal helpers ---

const TIMEOUT_MS = 5_000

class Waits extends Error {}

/** Null where it cannot be tried: it waits, or misses what its own earlier step would have made. The injection itself will tell. */
const unlessRefused = async <T>(namespace: string, attempt: () => Promise<T>): Promise<T | null> => {
  try {
    return await attempt()
  } catch (error) {
    const refusal = admissionRefusal(error, namespace)
    if (refusal !== null) throw refusal
    return null
  }
}

const inject = async (rehearsing: Rehearsing, written: unknown[]): Promise<void> => {
  const { kube, observe, clock, fault, definition, plan } = rehearsing
  const over = new AbortController()
  const stopped = clock.sleep(TIMEOUT_MS, over.signal)
  const act = definition.inject({
    plan,
    kube: faultKube(
      tellingWrites(dryRunOf(kube), (object) => written.push(object)),
      fault,
    ),
    observe,
    injectedAt: clock.now(),
    clock: { now: clock.now, sleep: () => Promise.reject(new Waits()) },
    signal: over.signal,
  })
  try {
    await Promise.race([act, stopped])
  } finally {
    over.abort()
  }
}

/** A pod that takes the place of another finds the room of that one. */
const admit = async (
  kube: Kube,
  namespace: string,
  { manifest, additional }: StartedPod,
): Promise<ChargedPod | null> => {
  try {
    return ChargedPod.parse(await tryPod(kube, namespace, manifest))
  } catch (error) {
    if (!additional && isOutOfRoom(error)) return null
    throw error
  }
}
