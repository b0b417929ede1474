import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type PackedRequest, RUN_FILES, seriesFile, type SampleSeries } from '../../lib/core/run-folder.ts'
import { requestColumns } from '../../lib/parquet/request-columns.ts'
import { writeParquet, type Column } from '../../lib/parquet/write.ts'
import type { RunData } from '../read/run-data.ts'

/** Writes a run as the collector does: every part that is there, in its own file. `logs` are texts by file name. */
export const writeRun = async (dir: string, run: RunData, logs: Record<string, string> = {}): Promise<void> => {
  const files: Record<string, string | null> = {
    [RUN_FILES.run]: json(run.run),
    [RUN_FILES.scenario]: json(run.scenario),
    [RUN_FILES.plan]: json(run.plan),
    [RUN_FILES.faults]: json(run.faults),
    [RUN_FILES.arrivals]: json(run.arrivals),
    [RUN_FILES.calibration]: json(run.calibration),
    [RUN_FILES.summary]: json(run.summary),
    [RUN_FILES.rules]: json(run.rules),
    [RUN_FILES.presence]: json(run.presence),
    [RUN_FILES.journal]: lines(run.journal),
    [RUN_FILES.alerts]: lines(run.alerts),
    [RUN_FILES.conditions]: lines(run.conditions),
    [RUN_FILES.scrapes]: lines(run.scrapes),
    [RUN_FILES.notifications]: lines(run.notifications),
    [RUN_FILES.events]: lines(run.events),
    [RUN_FILES.pods]: lines(run.pods),
    ...Object.fromEntries(Object.entries(logs).map(([name, text]) => [`${RUN_FILES.logs}/${name}`, text])),
  }
  for (const [file, text] of Object.entries(files)) {
    if (text === null) continue
    await mkdir(dirname(join(dir, file)), { recursive: true })
    await writeFile(join(dir, file), text)
  }
  await mkdir(join(dir, RUN_FILES.series), { recursive: true })
  for (const [metric, series] of run.series) await writeParquet(join(dir, seriesFile(metric)), seriesColumns(series))
  // The gaps of all requests, on the first of them: readers add them up.
  const rows = run.requests?.map((row, index): PackedRequest => {
    const gaps = index === 0 ? run.gaps.map(([lower, count]): [number, number] => [lower, count]) : []
    return { ...row, gaps, fault: null }
  })
  if (rows !== undefined) await writeParquet(join(dir, RUN_FILES.requests), requestColumns(rows))
}

// --- Internal helpers ---

const json = (value: unknown): string | null => (value === null ? null : `${JSON.stringify(value, null, 2)}\n`)

const lines = (rows: readonly unknown[] | null): string | null =>
  rows === null ? null : rows.map((row) => `${JSON.stringify(row)}\n`).join('')

const seriesColumns = (series: readonly SampleSeries[]): Column[] => {
  const rows = series.flatMap(({ labels, samples }) => samples.map(([at, value]) => ({ at, value, labels })))
  return [
    { name: 'time_ms', type: 'INT64', data: rows.map((row) => row.at) },
    { name: 'value', type: 'DOUBLE', data: rows.map((row) => row.value) },
    { name: 'labels', type: 'STRING', data: rows.map((row) => JSON.stringify(row.labels)) },
  ]
}
