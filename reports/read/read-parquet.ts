import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { errorMessage } from '../../lib/core/errors.ts'
import { RUN_FILES, type SampleSeries } from '../../lib/core/run-folder.ts'
import { readParquet } from '../../lib/parquet/read.ts'
import type { PartReader } from './read-text.ts'

/** Every metric that was kept, by name, each with its series in order of time. */
export const readSeries = async (reader: PartReader): Promise<Map<string, SampleSeries[]>> => {
  const files = await listFiles(join(reader.dir, RUN_FILES.series), ENDING)
  if (files.length === 0) {
    reader.problems.push({ file: RUN_FILES.series, kind: 'missing', reason: 'no series in the run folder' })
  }
  const series = new Map<string, SampleSeries[]>()
  for (const file of files) {
    try {
      const rows = z.array(SeriesRow).parse(await readParquet(join(reader.dir, RUN_FILES.series, file)))
      series.set(metricOf(file), groupRows(rows))
    } catch (error) {
      reader.problems.push({ file: `${RUN_FILES.series}/${file}`, kind: 'torn', reason: errorMessage(error) })
    }
  }
  return series
}

/** Names in a folder that end so, in order; none where there is no such folder. */
export const listFiles = async (dir: string, ending: string): Promise<string[]> => {
  try {
    return (await readdir(dir)).filter((name) => name.endsWith(ending)).sort()
  } catch {
    return []
  }
}

// --- Internal helpers ---

const ENDING = '.parquet'
const SeriesRow = z.object({ time_ms: z.number(), value: z.number().or(z.nan()).nullable(), labels: z.string() })
const Labels = z.record(z.string(), z.string())

/** The inverse of seriesFile in core: no metric name has a dot. */
const metricOf = (file: string): string => decodeURIComponent(file.slice(0, -ENDING.length)).replaceAll('.', ':')

const groupRows = (rows: readonly z.infer<typeof SeriesRow>[]): SampleSeries[] => {
  const groups = new Map<string, SampleSeries>()
  for (const { time_ms, value, labels } of rows) {
    if (value === null || Number.isNaN(value)) continue
    const known = groups.get(labels)
    const group = known ?? { labels: Labels.parse(JSON.parse(labels)), samples: [] }
    if (known === undefined) groups.set(labels, group)
    group.samples.push([time_ms, value])
  }
  for (const group of groups.values()) group.samples.sort((a, b) => a[0] - b[0])
  return [...groups.values()]
}
