import { type FaultResource, STEP_LABEL } from './fault-resource.ts'

/** While a step's fault was in force: from its injection until the pods were back. Milliseconds since the epoch. */
export interface FaultWindow {
  step: string
  from: number
  /** Infinity where it never ended. */
  to: number
}

/** Of every fault that was injected, in order of time. */
export const faultWindows = (faults: readonly FaultResource[]): FaultWindow[] =>
  faults
    .flatMap(({ metadata, status }) => {
      if (status?.injected === undefined) return []
      const ended = status.recovered ?? status.healed
      const step = metadata.labels?.[STEP_LABEL] ?? metadata.name
      return [{ step, from: Date.parse(status.injected), to: ended === undefined ? Infinity : Date.parse(ended) }]
    })
    .sort((a, b) => a.from - b.from)

/** The step whose fault was in force at some time of the interval: the first, where several; null where none was. */
export const faultDuring = (windows: readonly FaultWindow[], from: number, to: number): string | null =>
  windows.find((window) => from < window.to && to > window.from)?.step ?? null
