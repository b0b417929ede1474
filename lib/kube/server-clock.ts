import { type Clock, systemClock } from '../core/clock.ts'
import type { KubeConnection } from './connection.ts'
import { fetchVia } from './endpoint.ts'

/**
 * The API server's time, as the `Date` of its answers tells it. What outlives this process (the expiry of a flag, a Lease, the
 * end of a fault that another process heals) is reckoned in it, so that this machine's clock may be wrong.
 */
export interface ServerClock extends Clock {
  /** Asks again. The time stays what it was where no answer comes. */
  sync(): Promise<void>
  /** Asks again every half minute, until the signal. */
  keep(signal: AbortSignal): Promise<void>
}

/** `Date` has whole seconds. */
const RESOLUTION_MS = 1_000
const TIMEOUT_MS = 5_000
const KEEP_MS = 30_000

/** Has asked once when it resolves. Between two answers time goes on by the monotonic clock: a step of this machine's does no harm. */
export const serverClock = async (
  kube: KubeConnection,
  local: Pick<Clock, 'now'> = systemClock,
): Promise<ServerClock> => {
  const server = fetchVia(kube, { url: kube.config.getCurrentCluster()?.server ?? '', headers: {} })
  const origin = local.now() - performance.now()
  const own = (): number => origin + performance.now()
  let offset = 0
  const sync = async (): Promise<void> => {
    const sent = own()
    // Whatever it answers, a refusal as well, it says when.
    const answer = await server('/version', { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(() => null)
    const received = own()
    await answer?.body?.cancel()
    const date = Date.parse(answer?.headers.get('date') ?? '')
    if (!Number.isNaN(date)) offset = offsetBetween(date - received, date + RESOLUTION_MS - sent)
  }
  await sync()
  return {
    now: () => Math.round(own() + offset),
    sleep: systemClock.sleep,
    sync,
    async keep(signal) {
      while (!signal.aborted) {
        await systemClock.sleep(KEEP_MS, signal)
        if (!signal.aborted) await sync()
      }
    },
  }
}

// --- Internal helpers ---

/** Nothing is put right where both clocks may agree; else the middle of what is possible. */
const offsetBetween = (least: number, most: number): number => (least <= 0 && most >= 0 ? 0 : (least + most) / 2)
