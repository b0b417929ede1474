import { readFileSync } from 'node:fs'

/** A file of /proc/PID; empty where the process is gone, as one of a list may be by the time that it is looked at. */
export const procFile = (pid: number, file: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

/** What a process was started as, or says that it is. */
export const commandLine = (pid: number): string[] => procFile(pid, 'cmdline').split('\0')
