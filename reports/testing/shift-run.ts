import type { FaultResource, FaultStatus } from '../../lib/core/fault-resource.ts'
import type { SampleSeries } from '../../lib/core/run-folder.ts'
import type { RunData } from '../read/run-data.ts'

/** The same run, so many milliseconds later. */
export const shiftRun = (run: RunData, ms: number): RunData => ({
  ...run,
  run: run.run && {
    ...run.run,
    startedAt: run.run.startedAt + ms,
    endedAt: later(run.run.endedAt, ms),
    loadStartedAt: later(run.run.loadStartedAt, ms),
    loadEndedAt: later(run.run.loadEndedAt, ms),
  },
  faults: run.faults?.map((fault) => shiftFault(fault, ms)) ?? null,
  requests:
    run.requests?.map((request) =>
      Object.assign({}, request, {
        intended: later(request.intended, ms),
        started: request.started + ms,
        connected: later(request.connected, ms),
        written: later(request.written, ms),
        ended: request.ended + ms,
      }),
    ) ?? null,
  arrivals: run.arrivals && { ...run.arrivals, at: run.arrivals.at + ms },
  rules: run.rules?.map((rule) => Object.assign({}, rule, { evaluatedAt: rule.evaluatedAt + ms })) ?? null,
  alerts: shiftSeries(run.alerts, ms),
  conditions: shiftSeries(run.conditions, ms),
  scrapes: shiftSeries(run.scrapes, ms),
  series: new Map([...run.series].map(([metric, series]) => [metric, shiftSeries(series, ms) ?? []])),
})

// --- Internal helpers ---

const later = (at: number | null, ms: number): number | null => (at === null ? null : at + ms)

const shiftSeries = (series: readonly SampleSeries[] | null, ms: number): SampleSeries[] | null =>
  series?.map(({ labels, samples }) => ({ labels, samples: samples.map(([at, value]) => [at + ms, value]) })) ?? null

const TIMES = ['planned', 'injected', 'effective', 'healed', 'recovered'] as const satisfies (keyof FaultStatus)[]

const shiftFault = (fault: FaultResource, ms: number): FaultResource => {
  const { status } = fault
  if (status === undefined) return fault
  const times = TIMES.flatMap((name) => {
    const time = status[name]
    return time === undefined ? [] : [[name, new Date(Date.parse(time) + ms).toISOString()]]
  })
  return { ...fault, status: { ...status, ...Object.fromEntries(times) } }
}
