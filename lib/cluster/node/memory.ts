import { children, pids, procStat, residentBytes } from './proc.ts'

export interface MemoryWatch {
  /** Calls `exceeded` once when the process tree of `leader` holds more than `limit` bytes; returns the way to stop watching. */
  watch(leader: number, limit: number, exceeded: (bytes: number) => void): () => void
}

const PERIOD_MS = 500
/** Every so many polls all of /proc is read, for members of the tree that are no children of a main thread. */
const FULL_SCAN = 10

interface Entry {
  leader: number
  limit: number
  exceeded(bytes: number): void
}

/** One timer for all containers with a limit; none while there are none. Pages that processes share count for each. */
export const createMemoryWatch = (): MemoryWatch => {
  const entries = new Set<Entry>()
  let timer: NodeJS.Timeout | undefined
  let polls = 0
  let sessions = new Map<number, number[]>()

  const poll = (): void => {
    if (polls % FULL_SCAN === 0) sessions = membersBySession()
    polls += 1
    for (const entry of entries) {
      const bytes = [...tree(entry.leader, sessions)].reduce((sum, pid) => sum + residentBytes(pid), 0)
      if (bytes <= entry.limit) continue
      forget(entry)
      entry.exceeded(bytes)
    }
  }
  const forget = (entry: Entry): void => {
    entries.delete(entry)
    if (entries.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
  return {
    watch: (leader, limit, exceeded) => {
      const entry = { leader, limit, exceeded }
      entries.add(entry)
      timer ??= setInterval(poll, PERIOD_MS).unref()
      return () => forget(entry)
    },
  }
}

// --- Internal helpers ---

const membersBySession = (): Map<number, number[]> => Map.groupBy(pids(), (pid) => procStat(pid)?.session ?? 0)

const tree = (leader: number, sessions: Map<number, number[]>): Set<number> => {
  const found = new Set([leader, ...(sessions.get(leader) ?? [])])
  // A Set also walks what is added during the walk.
  for (const pid of found) for (const child of children(pid)) found.add(child)
  return found
}
