import { type Clock, systemClock } from '../core/clock.ts'
import type { KubeConnection } from './connection.ts'
import { fetchVia } from './endpoint.ts'
import { unreachableServer } from './errors.ts'
import { type LocalClocks, localClocks, momentOf, partedSince } from './local-clocks.ts'

/**
 * The API server's time, as the `Date` of its answers tells it. What outlives this process (the expiry of a flag, a Lease, the
 * end of a fault that another process heals) is reckoned in it, so that this machine's clock may be wrong.
 */
export interface ServerClock extends Clock {
  /** Asks again. The time stays what it was where no answer comes. */
  sync(): Promise<void>
  /** Asks again every half minute, and soon after this machine was suspended or its clock set, until the signal. */
  keep(signal: AbortSignal): Promise<void>
}

/** `Date` has whole seconds. */
const RESOLUTION_MS = 1_000
const TIMEOUT_MS = 5_000
const KEEP_MS = 30_000
/** How often it is looked whether this machine's clocks have parted, and by how much they may. */
const LOOK_MS = 1_000
const PARTED_MS = 2_000
const FIRST_TRIES = 4
const FIRST_PAUSE_MS = 500

/**
 * Knows the server's time when it resolves, and throws `cluster-unreachable` where nobody tells it: this machine's may be wrong by
 * more than what is reckoned in it. Between two answers time goes on by the monotonic clock: a step of this machine's does no harm.
 */
export const serverClock = async (kube: KubeConnection, local: LocalClocks = localClocks): Promise<ServerClock> => {
  const server = fetchVia(kube, { url: kube.config.getCurrentCluster()?.server ?? '', headers: {} })
  const origin = local.wall() - local.monotonic()
  const own = (): number => origin + local.monotonic()
  let offset = 0
  let synced = momentOf(local)
  /** Throws where nobody says what time it is. */
  const ask = async (): Promise<void> => {
    const asked = momentOf(local)
    const sent = own()
    // Whatever it answers, a refusal as well, it says when.
    const answer = await server('/version', { signal: AbortSignal.timeout(TIMEOUT_MS) })
    const received = own()
    await answer.body?.cancel()
    const date = Date.parse(answer.headers.get('date') ?? '')
    if (Number.isNaN(date)) throw new Error(`an answer (${answer.status}) without a Date`)
    offset = offsetBetween(date - received, date + RESOLUTION_MS - sent)
    synced = asked
  }
  const first = async (): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await ask()
      } catch (error) {
        if (attempt === FIRST_TRIES) throw unreachableServer(kube, error)
        await systemClock.sleep(FIRST_PAUSE_MS)
      }
    }
  }
  const sync = (): Promise<void> => ask().catch(() => undefined)
  await first()
  return {
    now: () => Math.round(own() + offset),
    sleep: systemClock.sleep,
    sync,
    async keep(signal) {
      let asked = local.monotonic()
      while (!signal.aborted) {
        await systemClock.sleep(LOOK_MS, signal)
        const due = local.monotonic() - asked >= KEEP_MS || partedSince(synced, local) > PARTED_MS
        if (signal.aborted || !due) continue
        asked = local.monotonic()
        await sync()
      }
    },
  }
}

// --- Internal helpers ---

/** Nothing is put right where both clocks may agree; else the middle of what is possible. */
const offsetBetween = (least: number, most: number): number => (least <= 0 && most >= 0 ? 0 : (least + most) / 2)
