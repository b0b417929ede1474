import type { Case } from '../../lib/core/case.ts'
import type { RunData } from '../read/run-data.ts'
import type { Redactor } from './redact.ts'

/** A file of the data set: path relative to its root, and its whole text. */
export interface DatasetFile {
  path: string
  text: string
}

export interface ExportContext {
  run: RunData
  cases: readonly Case[]
  /** Texts of kube/logs by file name. */
  logs: ReadonlyMap<string, string>
  /** Takes the answer out of what an agent may see. */
  redactor: Redactor
}

export interface Exporter {
  name: string
  summary: string
  /** `agent`: may be shown to whoever is to find the cause. `truth`: the answer, kept in a folder of its own. */
  audience: 'agent' | 'truth'
  export(context: ExportContext): DatasetFile[]
}

export const defineExporter = (exporter: Exporter): Exporter => exporter
