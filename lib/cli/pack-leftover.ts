import { packLeftover } from '../run/pack.ts'
import type { Context } from './context.ts'

/** A run that was killed left its request records in k6's spool: they are packed before anything reads them. */
export const packFirst = async (context: Context, dir: string): Promise<void> => {
  const packed = await packLeftover(dir)
  if (packed === null) return
  const torn = packed.bad === 0 ? '' : `, ${packed.bad} torn line${packed.bad === 1 ? '' : 's'} left out`
  context.err(`the run was not closed: packed ${packed.rows} request records of k6's spool${torn}\n`)
}
