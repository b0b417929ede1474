import { join } from 'node:path'
import { exportDataset } from '../../reports/dataset/export.ts'
import { writeReport } from '../../reports/page/write-report.ts'
import { scoreRun } from '../../reports/score/score-run.ts'
import { verdictTable } from '../../reports/score/table.ts'
import { RUN_FILES } from '../core/run-folder.ts'
import type { Verdict } from '../core/verdict.ts'
import type { Context } from './context.ts'

export interface VerdictFlags {
  json?: boolean
  verbose?: boolean
}

/** All that follows a run: its verdict, page and data set, and the verdict on the terminal. `note` is a line of its own before the paths. */
export const judgeFolder = async (
  context: Context,
  dir: string,
  { json = false, verbose = false }: VerdictFlags,
  note = '',
): Promise<Verdict> => {
  context.status('judging')
  const verdict = await scoreRun(dir)
  await writeReport(dir)
  await exportDataset(dir)
  const { columns, colour } = context
  context.out(json ? `${JSON.stringify(verdict, null, 2)}\n` : verdictTable(verdict, { columns, colour, verbose }))
  const files = `report    ${join(dir, RUN_FILES.report)}\ndata set  ${join(dir, RUN_FILES.dataset)}\n`
  context.err(`\n${note === '' ? '' : `${note}\n`}${files}`)
  return verdict
}
