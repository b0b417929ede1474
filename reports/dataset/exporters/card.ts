import { describeScale } from '../../../lib/core/scale.ts'
import { inError } from '../../read/precision.ts'
import type { RunData } from '../../read/run-data.ts'
import { metricToken } from '../columns.ts'
import { defineExporter } from '../exporter.ts'

export default defineExporter({
  name: 'card',
  summary: 'README.md: what the data set is, how it was made and how to read it',
  audience: 'agent',
  export: ({ run, cases, redactor }) => {
    const metrics = [...run.series.keys()].filter(
      (metric) => redactor.metric(metric) && !/_(bucket|created|info)$/.test(metric),
    )
    const synthetic = run.run?.synthetic ?? []
    const text = [
      '# Incident windows of an LLM serving stack',
      '',
      `${cases.length} windows of ${run.plan?.target.replicas ?? 'some'} vLLM replicas behind a gateway under the load of simulated users, with metrics, logs and Kubernetes Events.`,
      'In some of them something was broken on purpose; in others nothing was, and "no fault" is the right answer.',
      'Order and names of the cases say nothing of what they hold. The answers are kept in another folder.',
      '',
      synthetic.length === 0
        ? 'Engine, GPU and load are real.'
        : `Emulated, not real hardware: ${synthetic.join(', ')}. Do not quote its latencies or throughput as those of a GPU.`,
      ...(run.run?.simulated === true
        ? [
            'Simulated: nothing ran. A model of the stack was played on simulated time, and Prometheus evaluated its series.',
          ]
        : []),
      ...(run.run?.scale == null ? [] : [`Scaled to fit a smaller target: ${describeScale(run.run.scale)}.`]),
      '',
      '## Files',
      '',
      '- `cases.csv`: `case`, `normal_from`, `incident_from` and `to` in Unix seconds. From `normal_from` to `incident_from` nothing is wrong; the question is what happened from `incident_from` on, if anything. Windows of one run may overlap: keep them in one split.',
      '- `<case>/metrics.csv`: one row a second, `time` in Unix seconds, columns `<service>_<metric>`. A service is a pod where the series names one. Gauges stand as last scraped, counters (and the `sum` and `count` of histograms) are rates a second, label sets are added up. Empty: not known. `frontend` is what the users saw.',
      '- `<case>/events.jsonl`: Kubernetes Events. `<case>/logs.jsonl`: container logs.',
      '',
      '## Columns',
      '',
      '- `frontend_latency`: TTFT p95 of the last five seconds, in seconds; `frontend_workload`, `frontend_error`, `frontend_tokens`: requests, failed requests, output tokens a second',
      `- how exact \`frontend_latency\` is: ${exactness(run)}`,
      ...metrics.map((metric) => `- \`${metricToken(metric)}\`: ${metric}`),
      '',
      '## What was left out',
      '',
      'What the harness itself says in metrics, events and logs, which would give the answers away. Objects that it created have neutral names. Traces: none are recorded.',
      '',
    ]
    return [{ path: 'README.md', text: text.join('\n') }]
  },
})

// --- Internal helpers ---

/** Whoever uses a latency has to know what of it is the client's own. */
const exactness = ({ calibration }: Pick<RunData, 'calibration'>): string =>
  calibration === null
    ? 'nobody measured the error of the load client on the machine that ran it; values are whole milliseconds'
    : `the load client’s own error on the machine that ran it is ${inError(calibration.errors.ttft.p50)} (p50), ${inError(calibration.errors.ttft.p99)} (p99), ${inError(calibration.errors.ttft.max)} (worst), at ${calibration.load.streams} streams; values are in steps no finer than its p99, which stands for every value below it`
