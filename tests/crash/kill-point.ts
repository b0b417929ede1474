import type { FaultResource } from '../../lib/core/fault-resource.ts'
import type { Lane } from './lane.ts'
import { type Case, begin, forget, heal, startController, untilOver, whatIsLeft } from './life.ts'
import type { KillPoint } from './points.ts'
import type { Snapshot } from './snapshot.ts'

/** Short: the points behind it wait for its end. Long enough for a command in a container to be seen at work. */
const DURATION_SECONDS = 1.5

export type Outcome =
  { result: 'healed by controller' | 'healed by heal' | 'not reached' } | { result: 'left'; left: readonly string[] }

/** The whole life of a fault with nobody killed: what can be killed at, and how it ended. */
export const dryRun = async (lane: Lane, fault: Case): Promise<{ boundaries: string[]; ended: FaultResource }> => {
  lane.proxy.begin(null, () => undefined)
  await actor(lane)
  const resource = await begin(lane, fault, DURATION_SECONDS)
  const ended = await untilOver(lane, resource)
  const boundaries = [...lane.proxy.seen()]
  await forget(lane, resource)
  return { boundaries, ended }
}

/** One life, cut off there, and ended by somebody else. */
export const killAt = async (lane: Lane, fault: Case, point: KillPoint, before: Snapshot): Promise<Outcome> => {
  const victim = await actor(lane)
  const reached = new AbortController()
  lane.proxy.begin(point, () => reached.abort())
  const resource = await begin(lane, fault, DURATION_SECONDS)
  await untilOver(lane, resource, reached.signal)
  const died = reached.signal.aborted
  if (died) {
    await victim.kill()
    lane.controller = null
    lane.proxy.hangUp()
    lane.proxy.begin(null, () => undefined)
    if (point.healer === 'heal') await heal(lane)
    else {
      await actor(lane)
      await untilOver(lane, resource)
    }
  }
  const left = await whatIsLeft(lane, resource, before)
  if (left.length > 0) return { result: 'left', left }
  return { result: died ? `healed by ${point.healer}` : 'not reached' }
}

// --- Internal helpers ---

/** The controller that acts: the one that ended the fault before, where one did, is the next to die. */
const actor = async (lane: Lane) => (lane.controller ??= await startController(lane, lane.proxy.kubeconfig))
