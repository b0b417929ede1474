import type { KubeEvent } from '../../../lib/core/run-folder.ts'
import { defineExporter } from '../exporter.ts'
import type { Redactor } from '../redact.ts'

export default defineExporter({
  name: 'events',
  summary: 'Kubernetes Events of a case, a JSON object a line, `time` in Unix seconds',
  audience: 'agent',
  export: ({ run, cases, redactor }) =>
    cases.map(({ id, normalFrom, to }) => {
      const lines = (run.events ?? [])
        .filter(({ at }) => at >= normalFrom && at <= to)
        .toSorted((a, b) => a.at - b.at)
        .flatMap((event) => line(event, redactor) ?? [])
      return { path: `${id}/events.jsonl`, text: lines.map((text) => `${text}\n`).join('') }
    }),
})

// --- Internal helpers ---

const line = ({ at, type, reason, object, message, count }: KubeEvent, redactor: Redactor): string | null => {
  const [name, text] = [redactor.text(object), redactor.text(message)]
  if (name === null || text === null) return null
  return JSON.stringify({ time: at / 1_000, type, reason, object: name, message: text, count })
}
