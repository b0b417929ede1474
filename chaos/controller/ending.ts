import type { Clock } from '../../lib/core/clock.ts'
import { END_ANNOTATION, type FaultResource } from '../../lib/core/fault-resource.ts'
import type { Kube } from '../../lib/kube/client.ts'
import { readFault, updateMetadata } from './fault-store.ts'

const POLL_MS = 250

/** Asks on the object itself: whichever controller acts will end it, and its record stays. */
export const askToEnd = async (kube: Kube, fault: FaultResource, clock: Clock): Promise<void> => {
  const asked = new Date(clock.now()).toISOString()
  await updateMetadata(kube, fault, ({ annotations }) => ({ annotations: { [END_ANNOTATION]: asked, ...annotations } }))
}

export interface Waiting {
  clock: Clock
  /** Milliseconds since the epoch. */
  deadline: number
  signal: AbortSignal
}

/** The Fault as soon as it is as wanted, or as it is when the wait is over; null where it is gone. */
export const waitFor = async (
  kube: Kube,
  fault: FaultResource,
  isWanted: (fault: FaultResource) => boolean,
  { clock, deadline, signal }: Waiting,
): Promise<FaultResource | null> => {
  for (;;) {
    const now = await readFault(kube, fault.metadata)
    if (now === null || now.metadata.uid !== fault.metadata.uid) return null
    if (isWanted(now) || signal.aborted || clock.now() > deadline) return now
    await clock.sleep(POLL_MS, signal)
  }
}
