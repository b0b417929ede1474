import { execa } from 'execa'
import { toolPath } from '../toolchain/tools.mjs'
import type { Context } from './context.ts'
import { exitCodeOf } from './kubectl.ts'

/** k6 with k6/x/llm and k6/x/kubernetes, for scripts of the user's own. Resolves with k6's exit code, whatever that is. */
export const k6 = async ({ env }: Context, args: readonly string[]): Promise<number> =>
  exitCodeOf(
    await execa(toolPath('k6'), args, {
      // Both modules are built in: k6 would ask its build service for another binary that has them.
      env: { K6_AUTO_EXTENSION_RESOLUTION: env['K6_AUTO_EXTENSION_RESOLUTION'] ?? 'false' },
      stdio: 'inherit',
      reject: false,
    }),
  )
