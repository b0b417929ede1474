import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Whoever writes a file writes all the time: one that rested for so long has lost its writer. */
const ABANDONED_MS = 60_000

/** Removes what writers of this run folder left who were killed before their file was whole (`….part`). */
export const removeParts = async (dir: string, now = Date.now()): Promise<void> => {
  const names = await readdir(dir, { recursive: true })
  for (const name of names.filter((one) => one.endsWith('.part'))) {
    const path = join(dir, name)
    const found = await stat(path).catch(() => null)
    if (found?.isFile() === true && now - found.mtimeMs > ABANDONED_MS) await rm(path, { force: true })
  }
}
