import { setTimeout as delay } from 'node:timers/promises'
import { faults } from '../../../chaos/faults/registry.gen.ts'
import type { Death } from '../deaths.ts'
import { begin, dryRunOfHeal, heal, startController, untilActive, untilClean, whatIsLeft } from '../life.ts'
import { leftovers } from '../compare.ts'
import { inForce } from '../in-force.ts'

const DURATION_SECONDS = 6
/** What a fault that ends by itself may take longer. */
const GRACE_MS = 5_000
/** For a cluster in which nothing should happen. */
const QUIET_MS = 1_000

/**
 * The controller is killed for good. What carries its own end has ended within its duration and five seconds, though its marks stay
 * until somebody heals; of everything else `heal --dry-run` says that it is there.
 */
export const controllerGone: Death = {
  name: 'the controller gone for good',
  everyFault: true,
  nothingToUndo: ({ kind }) => needsNothing(kind),
  async befall(lane, fault, before) {
    const controller = await startController(lane, lane.plane.kubeconfig)
    const resource = await begin(lane, fault, DURATION_SECONDS)
    const { status } = await untilActive(lane, resource)
    await controller.kill()
    const { ends } = faults[fault.kind] ?? {}
    const problems: string[] = []
    if (needsNothing(fault.kind)) {
      const pressed = await untilClean(lane, before, QUIET_MS)
      problems.push(...pressed.map((line) => `needs no rights, and changes the cluster: ${line}`))
    }
    if (ends?.by === 'itself') {
      await delay(Date.parse(status?.injected ?? '') + DURATION_SECONDS * 1_000 + GRACE_MS - Date.now())
      const left = leftovers(await inForce(lane, before), await inForce(lane, await lane.snapshot()))
      problems.push(...left.map((line) => `in force 5 s after its end, with nobody to heal it: ${line}`))
    }
    const listed = await dryRunOfHeal(lane)
    if (!listed.includes(resource.metadata.name))
      problems.push(`heal --dry-run: expected it to list ${resource.metadata.name}, found ${listed}`)
    await heal(lane)
    return [...problems, ...(await whatIsLeft(lane, resource, before))]
  },
}

// --- Internal helpers ---

/** Without a right it changes nothing in the cluster: what it does is done by the load's own process. */
const needsNothing = (kind: string): boolean => faults[kind]?.needs.length === 0
