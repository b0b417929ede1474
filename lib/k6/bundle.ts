import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { ScriptData } from './script-data.ts'

const SCRIPT = fileURLToPath(new URL('script.ts', import.meta.url))

/**
 * Writes the script with the scenario's data into one file that `k6 run` takes as it is. Kept small: every virtual
 * user evaluates it in a JavaScript runtime of its own.
 */
export const writeBundle = async (path: string, data: ScriptData): Promise<void> => {
  const { outputFiles } = await build({
    entryPoints: [SCRIPT],
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2020',
    external: ['k6', 'k6/*'],
    define: { FIREDRILL_DATA: JSON.stringify(data) },
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'silent',
  })
  for (const { contents } of outputFiles) await writeFile(path, contents)
}
