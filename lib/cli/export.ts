import { join } from 'node:path'
import { EXIT, type ExitCode } from '../core/errors.ts'
import { RUN_FILES } from '../core/run-folder.ts'
import { exportDataset } from '../../reports/dataset/export.ts'
import { findRunFolder } from '../run/folder.ts'
import type { Context } from './context.ts'
import { packFirst } from './pack-leftover.ts'

export const exportRun = async (context: Context, path: string): Promise<ExitCode> => {
  const dir = await findRunFolder(path)
  await packFirst(context, dir)
  await exportDataset(dir)
  context.out(`${join(dir, RUN_FILES.dataset)}\n`)
  return EXIT.pass
}
