import { systemClock } from '../../../lib/core/clock.ts'
import type { FaultResource } from '../../../lib/core/fault-resource.ts'
import type { Death } from '../deaths.ts'
import { begin, startController, untilActive, untilOver, whatIsLeft } from '../life.ts'
import { startPool } from '../processes.ts'

const DURATION_SECONDS = 3
/** What the API server's whole seconds and a busy machine may add to a time. */
const TOLERANCE_MS = 2_000
/** As for every heal. */
const HEAL_MS = 5_000

/** A controller whose machine is a minute off: the record tells the cluster's time, and the fault lasts as long as it should. */
const wrongBy = (name: string, ms: number): Death => ({
  name,
  async befall(lane, fault, before) {
    await using pool = startPool({ size: 0, preload: new URL(`shift-clock.ts?ms=${ms}`, import.meta.url).href })
    const controller = await startController({ ...lane, pool }, lane.plane.kubeconfig)
    try {
      const resource = await begin(lane, fault, DURATION_SECONDS)
      await untilActive(lane, resource)
      const seen = systemClock.now()
      const ended = await untilOver(lane, resource)
      return [...wrongTimes(ended, seen), ...(await whatIsLeft(lane, resource, before))]
    } finally {
      await controller.kill()
    }
  },
})

export const clockAhead = wrongBy("the controller's clock a minute ahead", 60_000)
export const clockBehind = wrongBy("the controller's clock a minute behind", -60_000)

// --- Internal helpers ---

/** `activeAt`: when it was seen to be active, by the clock of the API server's machine. */
const wrongTimes = ({ status }: FaultResource, activeAt: number): string[] => {
  const [injected, healed] = [Date.parse(status?.injected ?? ''), Date.parse(status?.healed ?? '')]
  const lasted = healed - injected
  const least = DURATION_SECONDS * 1_000
  return [
    ...(Math.abs(activeAt - injected) <= TOLERANCE_MS + HEAL_MS
      ? []
      : [`status.injected: expected about ${new Date(activeAt).toISOString()}, found ${status?.injected}`]),
    ...(lasted >= least - 1 && lasted <= least + HEAL_MS + TOLERANCE_MS
      ? []
      : [`expected it to last ${DURATION_SECONDS} s, found ${lasted / 1_000} s (${status?.message})`]),
  ]
}
