import { readFile } from 'node:fs/promises'

/** Seconds of CPU that a process has used so far (proc(5), fields 14 and 15, in hundredths). */
export const cpuSeconds = async (pid: number): Promise<number> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.replace(/^.*\) /s, '').split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

export interface Memory {
  /** Milliseconds since the epoch. */
  at: number
  residentMiB: number
  peakMiB: number
}

export const memory = async (pid: number): Promise<Memory> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const mib = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1_024
  return { at: Date.now(), residentMiB: mib('VmRSS'), peakMiB: mib('VmHWM') }
}
