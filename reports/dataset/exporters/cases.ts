import { stringify } from 'csv-stringify/sync'
import { defineExporter } from '../exporter.ts'

export default defineExporter({
  name: 'cases',
  summary: 'The index: a row per case with its times in Unix seconds; nothing says which cases hold a fault',
  audience: 'agent',
  export: ({ cases }) => [
    {
      path: 'cases.csv',
      text: stringify(
        cases.map(({ id, normalFrom, incidentFrom, to }) => [
          id,
          ...[normalFrom, incidentFrom, to].map((ms) => Math.floor(ms / 1_000)),
        ]),
        { header: true, columns: ['case', 'normal_from', 'incident_from', 'to'] },
      ),
    },
  ],
})
