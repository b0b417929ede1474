import { EXIT, type ExitCode } from '../core/errors.ts'
import type { Verdict } from '../core/verdict.ts'
import { scoreRun } from '../../reports/score/score-run.ts'
import { verdictTable } from '../../reports/score/table.ts'
import { findRunFolder } from '../run/folder.ts'
import type { Context } from './context.ts'
import { packFirst } from './pack-leftover.ts'

/** What a judged run ends with: that something is left to heal comes before what its alerts did. */
export const exitCodeOf = ({ outcome, unhealed }: Pick<Verdict, 'outcome' | 'unhealed'>): ExitCode =>
  unhealed.length > 0 ? EXIT.unhealed : EXIT[outcome]

export const score = async (
  context: Context,
  path: string,
  { json = false, verbose = false }: { json?: boolean; verbose?: boolean },
): Promise<ExitCode> => {
  const dir = await findRunFolder(path)
  await packFirst(context, dir)
  const verdict = await scoreRun(dir)
  const { columns, colour } = context
  context.out(json ? `${JSON.stringify(verdict, null, 2)}\n` : verdictTable(verdict, { columns, colour, verbose }))
  return exitCodeOf(verdict)
}
