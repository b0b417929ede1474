import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RUN_FILES } from '../../lib/core/run-folder.ts'
import { readRun } from '../read/read-run.ts'
import { score } from '../score/score.ts'
import { renderReport, type Assets } from './render.ts'

/** Writes report.html into a run folder, from what the folder holds; gives back its path. */
export const writeReport = async (dir: string): Promise<string> => {
  const run = await readRun(dir)
  const path = join(dir, RUN_FILES.report)
  await writeFile(path, renderReport(run, score(run), await readAssets()))
  return path
}

export const readAssets = async (): Promise<Assets> => {
  const read = (url: string): Promise<string> => readFile(new URL(url), 'utf8')
  const own = (name: string): string => new URL(name, import.meta.url).href
  return {
    styles: await Promise.all([read(import.meta.resolve('uplot/dist/uPlot.min.css')), read(own('./client/page.css'))]),
    scripts: await Promise.all([
      read(import.meta.resolve('uplot/dist/uPlot.iife.min.js')),
      read(own('./client/timeline.js')),
      read(own('./client/filters.js')),
    ]),
  }
}
