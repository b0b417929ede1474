import type { Running } from './pod-host.ts'
import { runHandler } from './probe-run.ts'

/** What a container has at the least after its preStop hook has used up the grace period (kubelet's minimum). */
const AFTER_HOOK_MS = 2_000

/** preStop, then SIGTERM, then SIGKILL when the grace period is over. A second call can only shorten it. */
export const stopContainer = async (running: Running, graceMs: number): Promise<void> => {
  const { instance, container, target, prober } = running
  const hook = container.lifecycle?.preStop
  const again = running.stopping
  running.stopping = true
  prober.onlyReadiness()
  if (again || graceMs <= 0 || hook === undefined) {
    instance.stop(graceMs)
    return
  }
  const begun = performance.now()
  await Promise.race([runHandler(target, hook, graceMs), instance.exit])
  instance.stop(Math.max(AFTER_HOOK_MS, graceMs - (performance.now() - begun)))
}
