import { readdirSync, readFileSync } from 'node:fs'

/** What /proc tells of processes. All reads are synchronous: the files are made by the kernel as they are read. */

export interface ProcStat {
  ppid: number
  /** The group and session of a container's processes carry the pid of its first one. */
  group: number
  session: number
}

export const pids = (): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)

export const procStat = (pid: number): ProcStat | null => {
  const text = read(`/proc/${pid}/stat`)
  // The name in parentheses may hold anything, so fields are counted from its end.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields ? { ppid: Number(fields[1]), group: Number(fields[2]), session: Number(fields[3]) } : null
}

/** Bytes resident; 0 where the process is gone. */
export const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1] ?? 0) * 1024

/** Children of a process' main thread. */
export const children = (pid: number): number[] =>
  (read(`/proc/${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean).map(Number)

/** The environment that a process was started with; null where it is gone or another user's. */
export const procEnv = (pid: number): string[] | null => read(`/proc/${pid}/environ`)?.split('\0') ?? null

// --- Internal helpers ---

const read = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
