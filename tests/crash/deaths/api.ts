import { setTimeout as delay } from 'node:timers/promises'
import type { Part } from '../../support/control-plane.ts'
import type { Death } from '../deaths.ts'
import { begin, startController, untilActive, untilOver, whatIsLeft } from '../life.ts'

const DURATION_SECONDS = 3
/** Beyond the end of the fault, so that its heal finds nobody to talk to. */
const GONE_MS = 4_000

/** The controller lives, finds nobody to talk to, and goes on when somebody is there again. */
const gone = (name: string, part: Part): Death => ({
  name,
  async befall(lane, fault, before) {
    const controller = await startController(lane, lane.plane.kubeconfig)
    try {
      const resource = await begin(lane, fault, DURATION_SECONDS)
      await untilActive(lane, resource)
      await lane.plane.kill(part)
      await delay(GONE_MS)
      await lane.plane.restart(part)
      await untilOver(lane, resource)
      return await whatIsLeft(lane, resource, before)
    } finally {
      await controller.kill()
    }
  },
})

export const apiServerGone = gone('the API server killed, and back after 4 s', 'apiserver')
export const etcdRestarted = gone('etcd killed, and back after 4 s', 'etcd')
