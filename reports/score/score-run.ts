import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RUN_FILES } from '../../lib/core/run-folder.ts'
import type { Verdict } from '../../lib/core/verdict.ts'
import { readRun } from '../read/read-run.ts'
import { verdictCsv } from './csv.ts'
import { score } from './score.ts'

/** Judges the run in a folder and writes verdict.json and verdict.csv beside it. */
export const scoreRun = async (dir: string): Promise<Verdict> => {
  const verdict = score(await readRun(dir))
  await writeFile(join(dir, RUN_FILES.verdict), `${JSON.stringify(verdict, null, 2)}\n`)
  await writeFile(join(dir, RUN_FILES.verdictCsv), verdictCsv(verdict))
  return verdict
}
