import type { Calibration } from '../../lib/core/calibration.ts'
import { seededRandom } from '../../lib/core/random.ts'
import type { RequestRow } from '../../lib/core/run-folder.ts'
import { Scenario } from '../../lib/core/scenario.ts'
import type { RunData } from '../read/run-data.ts'
import { buildRequests } from './build-requests.ts'
import { at, buildRun, type RunSpec } from './build-run.ts'

export interface OpenRunSpec extends RunSpec {
  /** Requests a second, evenly. */
  rate: number
  seconds: number
  /** The most that a request is sent late; half of it on average. */
  lagMs?: number
  slo?: { ttft?: string; tpot?: string; e2e?: string }
}

const MAX_IN_FLIGHT = 64

/** A whole run of an open loop: the schedule is a comb, and the target answers as that of `buildRequests` does. */
export const buildOpenRun = ({ rate, seconds, lagMs = 4, slo, ...spec }: OpenRunSpec): RunData => {
  const base = buildRun({ ...spec, endsAt: seconds })
  const random = seededRandom(11)
  const count = rate * seconds
  // Long enough for as many answers, each of which is then put where the schedule wants it.
  const answers = buildRequests({ users: rate, from: at(0), rampMs: 0, to: at(seconds * 10), seed: 12 })
  const requests = answers.slice(0, count).map((answer, arrival): RequestRow => {
    const intended = at(0) + (1_000 * arrival) / rate
    const started = intended + lagMs * random.next()
    const moved = started - answer.started
    const written = started + 0.4
    return { ...answer, arrival, intended, started, connected: started + 0.3, written, ended: answer.ended + moved }
  })
  const load = {
    arrivals: {
      process: 'constant',
      stages: [
        { to: rate, over: '0s' },
        { to: rate, over: `${seconds}s` },
      ],
    },
    maxInFlight: MAX_IN_FLIGHT,
    workload: 'chat',
    ...(slo === undefined ? {} : { slo }),
  }
  return {
    ...base,
    scenario: Scenario.parse({ ...base.scenario, load }),
    requests: requests.sort((a, b) => a.started - b.started),
    arrivals: { at: at(seconds), scheduled: count, due: count, claimed: count },
  }
}

/** A calibration all of whose errors are of this size at p99, in milliseconds. */
export const calibrationWith = (p99: number): Calibration => {
  const error = { p50: p99 / 4, p99, max: p99 * 3 }
  return {
    schema: 1,
    at: at(-3_600),
    tool: 'k6-0123456789abcdef',
    machine: { cpuModel: 'test', cores: 2, kernel: 'Linux 6.1', node: '24.0.0' },
    load: { streams: 100, seconds: 10, tokens: 64, intervalMs: 40 },
    requests: 370,
    starved: 0,
    errors: { ttft: error, ttftIntended: error, gap: error, gapMax: error },
    eventsPerCore: 60_000,
    cpuSecondsPerMillionEvents: 17,
  }
}
