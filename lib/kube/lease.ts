import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { V1MicroTime, type V1Lease } from '@kubernetes/client-node'
import { type Clock, systemClock } from '../core/clock.ts'
import { type Kube, isConflict, orNull } from './client.ts'
import { apiReason, statusCode } from './errors.ts'
import { type LocalClocks, localClocks, momentOf, mostSince } from './local-clocks.ts'

export const LEASE_SECONDS = 10
const RENEW_MS = 2_500
/** A renewal that takes longer has failed. */
const RENEW_TIMEOUT_MS = 4_000

export interface LeaseOptions {
  kube: Kube
  namespace: string
  name: string
  /** From `processHolder`, or any other name that nobody else has. */
  holder: string
  /** All who take this Lease go by the same: the API server's (server-clock.ts) where their machines' may be apart. */
  clock?: Pick<Clock, 'now'>
}

export interface Holding {
  heldBy: string
  /** Milliseconds since the epoch. */
  renewedAt: number
}

export type Acquired = { ok: true } | ({ ok: false } & Holding)

/** `host/pid/starttime`: a process that has died, or whose pid another one has by now, can be told from one that lives. */
export const processHolder = async (pid: number): Promise<string> =>
  `${hostname()}/${pid}/${(await startTime(pid)) ?? 0}`

/**
 * Takes the Lease where it is free, ours, expired (10 s without renewal) or held by a process of this machine that is
 * provably gone; otherwise tells who holds it and since when it was renewed (milliseconds since the epoch). In a namespace that is
 * being deleted no Lease can be made: whoever asks may act.
 */
export const acquireLease = async (options: LeaseOptions): Promise<Acquired> => {
  const { kube, namespace, name, holder, clock = systemClock } = options
  const now = clock.now()
  const lease = await orNull(kube.coordination.readNamespacedLease({ namespace, name }))
  const { heldBy, renewedAt } = holderOf(lease)
  if (heldBy !== holder && (await isHeld({ heldBy, renewedAt }, now))) return { ok: false, heldBy, renewedAt }
  const body = taken(lease, { namespace, name, holder, heldBy, now })
  try {
    if (lease === null) await kube.coordination.createNamespacedLease({ namespace, body })
    else await kube.coordination.replaceNamespacedLease({ namespace, name, body })
    return { ok: true }
  } catch (error) {
    // Nobody can take it any more, and nothing can be begun there: what is there is to be healed, or it could never go.
    if (lease === null && isTerminating(error)) return { ok: true }
    // Somebody was faster.
    if (!isConflict(error)) throw error
    const winner = holderOf(await orNull(kube.coordination.readNamespacedLease({ namespace, name })))
    return winner.heldBy === holder ? { ok: true } : { ok: false, ...winner }
  }
}

/** Who holds the Lease and is not known to be gone; null where it could be taken. Takes nothing. */
export const liveHolder = async (options: Omit<LeaseOptions, 'holder'>): Promise<Holding | null> => {
  const { kube, namespace, name, clock = systemClock } = options
  const holding = holderOf(await orNull(kube.coordination.readNamespacedLease({ namespace, name })))
  return (await isHeld(holding, clock.now())) ? holding : null
}

export interface Kept {
  /** Aborted when the Lease was lost: whoever acts under it must stop then. */
  lost: AbortSignal
  /** Throws where nobody may act under it now: also before the loss could be noticed, because this process stood still. */
  requireHeld(): void
  released: Promise<void>
}

/**
 * Renews until the signal, then lets go. Once it is late, by either clock, it is lost: another may have held it and acted
 * meanwhile, even if nobody holds it by now.
 */
export const keepLease = (options: LeaseOptions, signal: AbortSignal, local: LocalClocks = localClocks): Kept => {
  const lost = new AbortController()
  const released = Promise.withResolvers<void>()
  let renewedAt = momentOf(local)
  const isLate = (): boolean => mostSince(renewedAt, local) > (LEASE_SECONDS - 2) * 1_000
  const lose = (): void => lost.abort(new Error(`the Lease ${options.name} was lost`))
  const renew = async (): Promise<void> => {
    if (isLate()) return lose()
    const asked = momentOf(local)
    const failed = systemClock.sleep(RENEW_TIMEOUT_MS).then(() => null)
    const acquired = await Promise.race([acquireLease(options).catch(() => null), failed])
    if (acquired?.ok === true && !isLate()) renewedAt = asked
    // Given up before another may take it: a clock that runs apart by less than two seconds does no harm.
    if (acquired?.ok === false || isLate()) lose()
  }
  const loop = async (): Promise<void> => {
    while (!signal.aborted && !lost.signal.aborted) {
      await systemClock.sleep(RENEW_MS, signal)
      if (!signal.aborted) await renew()
    }
    if (!lost.signal.aborted) await releaseLease(options).catch(() => undefined)
    released.resolve()
  }
  void loop()
  const requireHeld = (): void => {
    lost.signal.throwIfAborted()
    if (isLate()) throw new Error(`the Lease ${options.name} was not renewed in time`)
  }
  return { lost: lost.signal, requireHeld, released: released.promise }
}

/** Lets go of a Lease that is ours; anybody may take it at once. */
export const releaseLease = async ({ kube, namespace, name, holder }: LeaseOptions): Promise<void> => {
  const lease = await orNull(kube.coordination.readNamespacedLease({ namespace, name }))
  if (lease === null || holderOf(lease).heldBy !== holder) return
  const spec = { ...lease.spec, holderIdentity: '' }
  await kube.coordination.replaceNamespacedLease({ namespace, name, body: { ...lease, spec } })
}

// --- Internal helpers ---

const isTerminating = (error: unknown): boolean =>
  statusCode(error) === 403 && apiReason(error).includes('because it is being terminated')

const isHeld = async ({ heldBy, renewedAt }: Holding, now: number): Promise<boolean> =>
  heldBy !== '' && now - renewedAt < LEASE_SECONDS * 1_000 && !(await isGone(heldBy))

const holderOf = (lease: V1Lease | null): Holding => ({
  heldBy: lease?.spec?.holderIdentity ?? '',
  // The client leaves micro times as text when it reads them.
  renewedAt: new Date(lease?.spec?.renewTime ?? 0).getTime(),
})

interface Taking {
  namespace: string
  name: string
  holder: string
  heldBy: string
  now: number
}

const taken = (lease: V1Lease | null, { namespace, name, holder, heldBy, now }: Taking): V1Lease => {
  const renewTime = new V1MicroTime(now)
  const same = heldBy === holder
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: lease?.metadata ?? { name, namespace },
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: LEASE_SECONDS,
      acquireTime: (same ? lease?.spec?.acquireTime : undefined) ?? renewTime,
      renewTime,
      leaseTransitions: (lease?.spec?.leaseTransitions ?? 0) + (same || lease === null ? 0 : 1),
    },
  }
}

/** Only where it can be proven: the holder names this host, and no process of that pid and start time is here. */
const isGone = async (holder: string): Promise<boolean> => {
  const [host, pid, started] = holder.split('/')
  if (host !== hostname() || !/^\d+$/.test(pid ?? '') || (await startTime('self')) === null) return false
  return (await startTime(Number(pid))) !== started
}

/** Clock ticks from boot to the start of the process (field 22 of /proc/PID/stat); null where there is none, or no /proc. */
const startTime = async (pid: number | 'self'): Promise<string | null> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
}
