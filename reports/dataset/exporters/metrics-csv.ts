import { stringify } from 'csv-stringify/sync'
import { frontendColumns, seriesColumns } from '../columns.ts'
import { defineExporter } from '../exporter.ts'

export default defineExporter({
  name: 'metrics-csv',
  summary: 'Metrics of a case, wide: `time` (Unix seconds, one row a second) and a `<service>_<metric>` column each',
  audience: 'agent',
  export: ({ run, cases, redactor }) =>
    cases.map(({ id, normalFrom, to }) => {
      const fromS = Math.floor(normalFrom / 1_000)
      const seconds = Math.max(1, Math.ceil(to / 1_000) - fromS)
      const columns = new Map([
        ...frontendColumns(run, fromS, seconds),
        ...seriesColumns(run, redactor, fromS, seconds),
      ])
      const values = [...columns.values()]
      const rows = Array.from({ length: seconds }, (_, index) => [
        fromS + index,
        ...values.map((column) => cell(column[index])),
      ])
      return {
        path: `${id}/metrics.csv`,
        text: stringify(rows, { header: true, columns: ['time', ...columns.keys()] }),
      }
    }),
})

// --- Internal helpers ---

/** Six digits are more than any of these was measured to. */
const cell = (value: number | null | undefined): string =>
  value === null || value === undefined ? '' : String(Number(value.toPrecision(6)))
