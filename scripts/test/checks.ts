/** The static checks: each is right or wrong as a whole. */
import process from 'node:process'
import { ROOT, quiet } from './command.ts'
import { merged, type Outcome } from './outcome.ts'

/** Says what it found in one piece, since others run beside it. */
const check = async (...command: [string, ...string[]]): Promise<Outcome> => {
  const { ok, all } = await quiet(ROOT, ...command)
  const title = command.join(' ')
  process.stderr.write(`\n── ${title}\n${all}\n`)
  return ok ? { passed: 1, failures: [] } : { passed: 0, failures: [{ title, text: all }] }
}

/** Each keeps one processor busy, for a quarter of a minute at most. */
export const staticChecks = async (): Promise<Outcome> =>
  merged(
    await Promise.all([
      check('node', 'scripts/generate.ts', '--check'),
      check('oxlint', '--deny-warnings'),
      check('prettier', '--check', '--log-level', 'warn', '.'),
      check('tsc', '--noEmit'),
    ]),
  )
