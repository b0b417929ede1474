import type { Holder, MemoryKind } from './client.ts'

export interface Entry {
  holder: Holder
  mib: number
  /** Where the holder said what it is for. */
  kind?: MemoryKind
}

export interface Ledger {
  readonly totalMiB: number
  usedMiB(): number
  freeMiB(): number
  /** The entry, or null where that much is not free. */
  take(holder: Holder, mib: number, kind?: MemoryKind): Entry | null
  /** A second call for the same entry changes nothing. */
  give(entry: Entry): void
  /** Busy share of the device (0 to 1) as this holder saw it, at a time in milliseconds. */
  report(holder: Holder, busy: number, now: number): void
  /** Sum of the holders' reports, at most 1; a report counts for five seconds, and only while its holder has memory. */
  busy(now: number): number
  /** The container that owns the device: the first holder that named itself as one. */
  owner(): Holder | null
  entries(): readonly Entry[]
}

const REPORT_LIFE_MS = 5_000

/** One GPU's memory, by holder. */
export const createLedger = (totalMiB: number): Ledger => {
  const entries = new Set<Entry>()
  const reports = new Map<string, { busy: number; at: number }>()
  const keyOf = ({ pod, uid }: Holder): string => `${pod} ${uid}`
  const usedMiB = (): number => {
    let used = 0
    for (const { mib } of entries) used += mib
    return used
  }
  return {
    totalMiB,
    usedMiB,
    freeMiB: () => totalMiB - usedMiB(),
    take: (holder, mib, kind) => {
      if (mib > totalMiB - usedMiB()) return null
      const entry = { holder, mib, ...(kind === undefined ? {} : { kind }) }
      entries.add(entry)
      return entry
    },
    give: (entry) => void entries.delete(entry),
    report: (holder, busy, now) => void reports.set(keyOf(holder), { busy, at: now }),
    busy: (now) => {
      const holders = new Set([...entries].map(({ holder }) => keyOf(holder)))
      let total = 0
      for (const [key, { busy, at }] of reports) {
        if (!holders.has(key) || now - at > REPORT_LIFE_MS) reports.delete(key)
        else total += busy
      }
      return Math.min(1, total)
    },
    owner: () => [...entries].find(({ holder }) => holder.container !== undefined)?.holder ?? null,
    entries: () => [...entries],
  }
}
