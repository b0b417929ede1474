import type { Clock } from '../../../lib/core/clock.ts'
import type { AnyFault, FaultKube, Observer } from '../../../lib/core/fault.ts'
import type { FaultResource } from '../../../lib/core/fault-resource.ts'
import type { Kube } from '../../../lib/kube/client.ts'
import { dryRunOf } from '../../../lib/kube/dry-run.ts'
import { faultKube } from '../fault-kube.ts'
import { admissionRefusal } from './admission.ts'

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
 * have. Throws where quota, webhook or policy would refuse; tells how many pods its Jobs would start.
 */
export const rehearse = async (rehearsing: Rehearsing): Promise<{ pods: number }> => {
  const { kube, observe, clock, fault, definition, plan } = rehearsing
  const started = { pods: 0 }
  const over = new AbortController()
  const stopped = clock.sleep(TIMEOUT_MS, over.signal)
  const act = definition.inject({
    plan,
    kube: counting(faultKube(dryRunOf(kube), fault), started),
    observe,
    injectedAt: clock.now(),
    clock: { now: clock.now, sleep: () => Promise.reject(new Waits()) },
    signal: over.signal,
  })
  try {
    await Promise.race([act, stopped])
  } catch (error) {
    const refusal = admissionRefusal(error, fault.metadata.namespace)
    if (refusal !== null) throw refusal
    // It waits, cannot be tried, or misses what its own earlier step would have made: the injection itself will tell.
  } finally {
    over.abort()
  }
  return started
}

// --- Internal helpers ---

const TIMEOUT_MS = 5_000

class Waits extends Error {}

const counting = (kube: FaultKube, started: { pods: number }): FaultKube => ({
  ...kube,
  async createJob(job) {
    await kube.createJob(job)
    started.pods += 1
  },
})
