import { statfs } from 'node:fs/promises'
import { UserError } from '../../core/errors.ts'

const GB = 1e9

/** Measured: what the folder takes in the end, what is downloaded for it, and both at once with some room to breathe. */
export const SIZES = { installed: 6.1 * GB, download: 3.1 * GB, needed: 10 * GB }

export type FreeBytes = (folder: string) => Promise<number>

/** What a user without privileges may still write where this folder is. */
export const freeBytes: FreeBytes = async (folder) => {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

/** A disk that fills up half-way harms more than this install. */
export const requireRoom = async (folder: string, free: FreeBytes): Promise<void> => {
  const found = await free(folder)
  if (found >= SIZES.needed) return
  throw new UserError({
    code: 'disk-too-full',
    message: `expected ${gigabytes(SIZES.needed)} free at ${folder} to install a real vLLM (${gigabytes(SIZES.installed)} in the end), found ${gigabytes(found)}`,
    hint: 'free some space, or name a folder on another disk with FIREDRILL_CACHE',
  })
}

export const gigabytes = (bytes: number): string => `${(bytes / GB).toFixed(1)} GB`
