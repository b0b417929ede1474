import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { RUN_FILES } from '../../lib/core/run-folder.ts'
import { readRun } from '../read/read-run.ts'
import type { ExportContext } from './exporter.ts'
import { exporters } from './exporters/index.ts'
import { findCases } from './find-cases.ts'
import { makeRedactor } from './redact.ts'

const ROOTS = { agent: RUN_FILES.dataset, truth: RUN_FILES.groundTruth } as const

/** Writes the run's data set and, in a folder of its own, its answers; what was there before is replaced. */
export const exportDataset = async (dir: string): Promise<{ cases: number; files: string[] }> => {
  const context = await readContext(dir)
  for (const root of Object.values(ROOTS)) await rm(join(dir, root), { recursive: true, force: true })
  const files: string[] = []
  for (const exporter of exporters) {
    for (const { path, text } of exporter.export(context)) {
      const file = join(ROOTS[exporter.audience], path)
      await mkdir(dirname(join(dir, file)), { recursive: true })
      await writeFile(join(dir, file), text)
      files.push(file)
    }
  }
  return { cases: context.cases.length, files }
}

// --- Internal helpers ---

const readContext = async (dir: string): Promise<ExportContext> => {
  const run = await readRun(dir)
  const logs = new Map<string, string>()
  for (const file of run.logs) logs.set(file, await readFile(join(dir, RUN_FILES.logs, file), 'utf8'))
  return { run, cases: findCases(run), logs, redactor: makeRedactor(run) }
}
