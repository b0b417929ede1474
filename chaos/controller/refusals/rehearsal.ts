import type { Clock } from '../../../lib/core/clock.ts'
import { UserError } from '../../../lib/core/errors.ts'
import type { AnyFault, FaultKube, Observer } from '../../../lib/core/fault.ts'
import type { FaultResource } from '../../../lib/core/fault-resource.ts'
import { type Kube, isConflict, isNotFound } from '../../../lib/kube/client.ts'
import { dryRunOf, NoDryRun } from '../../../lib/kube/dry-run.ts'
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
 * have; then tries the pods that would be started for what was written. Throws where quota, webhook or policy would refuse, where no
 * answer came in time, and what may pass by itself as it is; tells which pods come beside those that are there.
 */
export const rehearse = async (rehearsing: Rehearsing): Promise<{ created: ChargedPod[] }> => {
  const { kube, fault } = rehearsing
  const { namespace } = fault.metadata
  const written: unknown[] = []
  await attempt(rehearsing, (signal) => inject(rehearsing, written, signal))
  const created: ChargedPod[] = []
  for (const pod of written.map(podOf).filter((started) => started !== null)) {
    const admitted = await attempt(rehearsing, (signal) => admit(kube, pod, { namespace, signal }))
    if (pod.additional && admitted !== null) created.push(admitted)
  }
  return { created }
}

// --- Internal helpers ---

/** Of one attempt, while nothing else is planned: more than the ten seconds of a webhook, whose silence the API server then names. */
const TIMEOUT_MS = 12_000

/** Thrown where the injection would wait for an effect. */
class Waits extends Error {}

const UNANSWERED = Symbol('no answer in time')

/** Null where it can be tried no further. */
const attempt = async <T>(
  { clock, fault: { metadata } }: Rehearsing,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T | null> => {
  const { namespace } = metadata
  const over = new AbortController()
  try {
    const late = clock.sleep(TIMEOUT_MS, over.signal).then(() => UNANSWERED)
    const answer = await Promise.race([act(over.signal), late])
    if (typeof answer === 'symbol') throw unanswered(namespace)
    return answer
  } catch (error) {
    const refusal = admissionRefusal(error, namespace)
    if (refusal !== null) throw refusal
    if (isEndOfRehearsal(error)) return null
    throw error
  } finally {
    over.abort()
  }
}

/** It waits, cannot be asked without being done, or misses (404) or finds changed (409) what its own earlier step would have made. */
const isEndOfRehearsal = (error: unknown): boolean =>
  error instanceof Waits || error instanceof NoDryRun || isNotFound(error) || isConflict(error)

const unanswered = (namespace: string): UserError =>
  new UserError({
    code: 'admission-unanswered',
    message: `expected the API server to say within ${TIMEOUT_MS / 1_000} s whether it lets in what the fault creates in ${namespace}, found no answer`,
    hint: 'look for a webhook that is slow: kubectl get mutatingwebhookconfigurations,validatingwebhookconfigurations',
  })

const inject = (rehearsing: Rehearsing, written: unknown[], signal: AbortSignal): Promise<void> => {
  const { kube, observe, clock, fault, definition, plan } = rehearsing
  const dry = tellingWrites(dryRunOf(kube), (object) => written.push(object))
  return definition.inject({
    plan,
    kube: waitingForJobs(faultKube(dry, fault)),
    observe,
    injectedAt: clock.now(),
    clock: { now: clock.now, sleep: waits },
    signal,
  })
}

const waits = (): Promise<never> => Promise.reject(new Waits())

/** A Job that was only tried is not there, which would read as one that has ended. */
const waitingForJobs = (kube: FaultKube): FaultKube => ({
  ...kube,
  jobRunning: waits,
  jobEnded: waits,
  jobGone: waits,
})

/** A pod that takes the place of another finds the room of that one. */
const admit = async (
  kube: Kube,
  { manifest, additional }: StartedPod,
  where: { namespace: string; signal: AbortSignal },
): Promise<ChargedPod | null> => {
  try {
    return ChargedPod.parse(await tryPod(kube, manifest, where))
  } catch (error) {
    if (!additional && isOutOfRoom(error)) return null
    throw error
  }
}
