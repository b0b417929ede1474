import { watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'

const POLL_MS = 500

export interface WatchedFile {
  path: string
  /** The whole text, at the start and whenever it changed; null while there is no such file. */
  onText(text: string | null): void
  signal: AbortSignal
}

/**
 * Follows a mounted ConfigMap key. The folder is watched, because a kubelet swaps a symbolic link beside the file;
 * the poll is for file systems that tell nobody. Resolves after the first read.
 */
export const followFile = async ({ path, onText, signal }: WatchedFile): Promise<void> => {
  let last: string | null | undefined
  const check = async (): Promise<void> => {
    const text = await readFile(path, 'utf8').catch(() => null)
    if (signal.aborted || text === last) return
    last = text
    onText(text)
  }
  await check()
  const timer = setInterval(() => void check(), POLL_MS)
  signal.addEventListener('abort', () => clearInterval(timer))
  try {
    watch(dirname(path), { signal }, () => void check()).on('error', () => undefined)
  } catch {
    // No such folder, or no more watches to be had: the poll finds the file.
  }
}
