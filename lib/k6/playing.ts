import { readdir, readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { BUNDLE } from './command.ts'

/**
 * Whether a k6 on this machine plays the script of this run folder at the moment: its spool is not ours yet. Null where
 * the system has no /proc to ask.
 */
export const isPlaying = async (dir: string): Promise<boolean | null> => {
  const script = join(await realpath(dir), BUNDLE)
  const names = await readdir('/proc').catch(() => null)
  if (names === null) return null
  const commands = await Promise.all(
    // Processes come and go.
    names.filter((name) => /^\d+$/.test(name)).map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  )
  return commands.some((command) => command.split('\0').includes(script))
}
