import { z } from 'zod'
import type { Event } from '../../lib/core/event.ts'
import { STEP_LABEL, type FaultResource } from '../../lib/core/fault-resource.ts'
import type { RequestRow, RunPlan } from '../../lib/core/run-folder.ts'
import type { RunData } from '../read/run-data.ts'

/** A step of the timeline as it happened: times from the fault's own record, milliseconds since the epoch. */
export interface StepRecord {
  name: string
  fault: string
  /** No alert may speak of it; `bit` then says whether it was what it is meant to be. */
  control: boolean
  expected: RunPlan['steps'][number]['expected']
  /** Null where nothing was injected. */
  injected: number | null
  /** When it was first seen to bite; the injection where it bit and nobody noted when. */
  effective: number | null
  healed: number | null
  recovered: number | null
  /** The end of its effect: recovered, and the requests that it had slowed are through; null where nobody knows. */
  over: number | null
  /** Null where nobody looked. */
  bit: boolean | null
  /** Why the fault cannot be judged, or what the evidence says. */
  why: string
}

/** Steps of the plan with their fault records, those injected first in order of time, the others after. */
export const stepRecords = ({ plan, faults, requests, run, journal }: RunData): StepRecord[] =>
  (plan?.steps ?? [])
    .map((step) => {
      const record = faults?.findLast(({ metadata }) => metadata.labels?.[STEP_LABEL] === step.name)
      const made = makeStep(step, record, faults === null, requests ?? [], run?.endedAt ?? null)
      return record === undefined && faults !== null ? { ...made, why: whyNot(step.name, journal ?? []) } : made
    })
    .sort((a, b) => (a.injected ?? Infinity) - (b.injected ?? Infinity) || 0)

// --- Internal helpers ---

const makeStep = (
  step: RunPlan['steps'][number],
  record: FaultResource | undefined,
  lost: boolean,
  requests: readonly RequestRow[],
  endedAt: number | null,
): StepRecord => {
  const { name, fault, control, expected } = step
  const status = record?.status
  const injected = time(status?.injected)
  const bit = status?.evidence?.bit ?? null
  const healed = time(status?.healed)
  const recovered = time(status?.recovered)
  const ended = recovered ?? healed ?? endedAt
  return {
    name,
    fault,
    control,
    expected,
    injected,
    effective: time(status?.effective) ?? (bit === true ? injected : null),
    healed,
    recovered,
    over: injected === null || ended === null ? null : drained(requests, injected, ended),
    bit: status?.phase === 'Failed' ? false : bit,
    why: why(record, lost),
  }
}

const why = (record: FaultResource | undefined, lost: boolean): string => {
  if (lost) return 'the fault records are missing'
  if (record === undefined) return NEVER
  const { status } = record
  if (status?.phase === 'Failed')
    return `the fault failed: ${status.error ?? status.message ?? 'no reason was recorded'}`
  if (status?.injected === undefined) return `the fault was never injected (it ended as ${status?.phase ?? 'Pending'})`
  return status.evidence?.reason ?? 'nobody verified that the fault bit'
}

const NEVER = 'the fault was never created'

const NotStarted = z.object({ step: z.string(), reason: z.string() })

/** Why there is no Fault, as the timeline told it. */
const whyNot = (step: string, journal: readonly Event[]): string => {
  const told = journal.flatMap(({ what, value }) =>
    what === 'step-not-started' ? (NotStarted.safeParse(value).data ?? []) : [],
  )
  const reason = told.find((one) => one.step === step)?.reason
  return reason === undefined ? NEVER : `${NEVER}: ${reason} in time`
}

/** Waiting and slow requests carry a fault's effect past its end: latencies are observed when they finish. */
const drained = (requests: readonly RequestRow[], injected: number, ended: number): number => {
  let last = ended
  for (const request of requests) {
    if (request.started >= injected && request.started < ended && request.ended > last) last = request.ended
  }
  return last
}

const time = (iso: string | undefined): number | null => (iso === undefined ? null : Date.parse(iso))
