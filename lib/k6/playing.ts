import { readdir, readFile, realpath } from 'node:fs/promises'
import { BUNDLE } from './command.ts'

/**
 * Whether a k6 on this machine plays the script of this run folder at the moment: its spool is not ours yet. Null where
 * the system has no /proc to ask.
 */
export const isPlaying = async (dir: string): Promise<boolean | null> => {
  const folder = await realpath(dir)
  const names = await readdir('/proc').catch(() => null)
  if (names === null) return null
  const commands = await Promise.all(
    // Processes come and go.
    names.filter((name) => /^\d+$/.test(name)).map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  )
  const scripts = commands.flatMap((command) => command.split('\0').filter((word) => word.endsWith(`/${BUNDLE}`)))
  // Whoever started it may have named the folder by another path.
  const folders = await Promise.all(
    scripts.map((script) => realpath(script.slice(0, -BUNDLE.length)).catch(() => null)),
  )
  return folders.includes(folder)
}
