import { setFlagsFromString } from 'node:v8'

/**
 * Keeps the young generation at the size that it has. It may otherwise grow to 128 MB for garbage; the agent makes
 * little, and lives long beside others that need the memory.
 */
export const keepHeapSmall = (): void => setFlagsFromString('--semi-space-growth-factor=1')
