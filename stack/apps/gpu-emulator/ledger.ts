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
  const reports = new Set<Report>()
  const usedMiB = (): number => {
    let used = 0
    for (const { mib } of entries) used += mib
    return used
  }
  const hasMemory = (holder: Holder): boolean => {
    for (const entry of entries) if (isSame(entry.holder, holder)) return true
    return false
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
    report: (holder, busy, now) => {
      for (const report of reports) {
        if (!isSame(report.holder, holder)) continue
        report.busy = busy
        report.at = now
        return
      }
      reports.add({ holder, busy, at: now })
    },
    busy: (now) => {
      let total = 0
      for (const report of reports) {
        if (now - report.at > REPORT_LIFE_MS || !hasMemory(report.holder)) reports.delete(report)
        else total += report.busy
      }
      return Math.min(1, total)
    },
    owner: () => {
      for (const { holder } of entries) if (holder.container !== undefined) return holder
      return null
    },
    entries: () => [...entries],
  }
}

// --- Internal helpers ---

interface Report {
  holder: Holder
  busy: number
  /** In milliseconds. */
  at: number
}

const isSame = (one: Holder, other: Holder): boolean => one.uid === other.uid && one.pod === other.pod
