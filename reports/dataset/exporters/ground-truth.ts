import { defineExporter } from '../exporter.ts'

export default defineExporter({
  name: 'ground-truth',
  summary: 'The answers: a label per case from the fault records, and the records themselves',
  audience: 'truth',
  export: ({ run, cases }) => [
    { path: 'labels.jsonl', text: cases.map((one) => `${JSON.stringify(one)}\n`).join('') },
    { path: 'faults.json', text: `${JSON.stringify(run.faults ?? [], null, 2)}\n` },
  ],
})
