import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Stands before everything else in the container's PATH. */
export const toolFolder = (home: string): string => join(home, 'bin')

/** Writes what an image has in its PATH besides its program, as scripts that start what stands for it. */
export const writeTools = async (home: string, tools: Record<string, readonly string[]>): Promise<void> => {
  const folder = toolFolder(home)
  if (Object.keys(tools).length > 0) await mkdir(folder, { recursive: true })
  await Promise.all(
    Object.entries(tools).map(([name, argv]) =>
      writeFile(join(folder, name), `#!/bin/sh\nexec ${argv.map(quoted).join(' ')} "$@"\n`, { mode: 0o700 }),
    ),
  )
}

// --- Internal helpers ---

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`
