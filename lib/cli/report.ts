import { join } from 'node:path'
import { EXIT, type ExitCode } from '../core/errors.ts'
import { RUN_FILES } from '../core/run-folder.ts'
import { writeReport } from '../../reports/page/write-report.ts'
import { findRunFolder } from '../run/folder.ts'
import type { Context } from './context.ts'
import { packFirst } from './pack-leftover.ts'

export const report = async (context: Context, path: string): Promise<ExitCode> => {
  const dir = await findRunFolder(path)
  await packFirst(context, dir)
  await writeReport(dir)
  context.out(`${join(dir, RUN_FILES.report)}\n`)
  return EXIT.pass
}
