import type { Case } from '../../../lib/core/case.ts'
import { defineExporter, type ExportContext } from '../exporter.ts'
import type { Redactor } from '../redact.ts'

export default defineExporter({
  name: 'logs',
  summary: 'Container logs of a case in order of time, a JSON object a line: `time` (Unix seconds), `pod`, `message`',
  audience: 'agent',
  export: ({ cases, logs, redactor, run }) => {
    const entries = [...logs]
      .flatMap(([file, text]) => entriesOf(file, text, { redactor, run }))
      .sort((a, b) => a.at - b.at)
    return cases.map((one) => ({ path: `${one.id}/logs.jsonl`, text: linesOf(entries, one) }))
  },
})

// --- Internal helpers ---

interface Entry {
  at: number
  pod: string
  message: string
}

const TIMED = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))\s(.*)$/

/** A log of a pod that a fault made is that fault speaking: it is left out. A line without a time has that of the line before. */
const entriesOf = (
  file: string,
  text: string,
  { redactor, run }: { redactor: Redactor; run: ExportContext['run'] },
): Entry[] => {
  const pod = file.replace(/\.log$/, '')
  if ((run.faults ?? []).some(({ metadata }) => pod.startsWith(metadata.name))) return []
  const name = redactor.name(pod)
  if (name === null) return []
  let at = Number.NaN
  return text.split('\n').flatMap((raw): Entry[] => {
    const timed = TIMED.exec(raw)
    if (timed !== null) at = Date.parse(timed[1] ?? '')
    const message = redactor.text(timed?.[2] ?? raw)
    return message === null || message.trim() === '' || Number.isNaN(at) ? [] : [{ at, pod: name, message }]
  })
}

const linesOf = (entries: readonly Entry[], { normalFrom, to }: Case): string =>
  entries
    .filter(({ at }) => at >= normalFrom && at <= to)
    .map(({ at, pod, message }) => `${JSON.stringify({ time: at / 1_000, pod, message })}\n`)
    .join('')
