import { Calibration, type ClientError } from '../../core/calibration.ts'
import { EXIT, UserError } from '../../core/errors.ts'
import { compare } from './compare.ts'
import { measure, requestSeconds } from './measure.ts'
import type { Emission } from './server.ts'
import { type CalibrationTools, machineOf, storeCalibration, toolOf } from './store.ts'

export interface CalibrateOptions {
  /** About how many are in flight. */
  streams?: number
  seconds?: number
  signal: AbortSignal
}

/** Measures the client on this machine, and stores what it found where every stream was whole. */
export const calibrate = async (
  tools: CalibrationTools,
  { streams = 100, seconds = 10, signal }: CalibrateOptions,
): Promise<Calibration> => {
  const rate = streams / requestSeconds(EMISSION)
  const { log, rows, steady } = await measure({
    tools,
    client: 'k6',
    emission: EMISSION,
    load: { mode: 'open', process: 'constant', rate, vus: vusFor(streams) },
    steadySeconds: seconds,
    signal,
  })
  const { starved, ttft, ttftIntended, gap, gapMax } = compare(log, rows)
  const calibration = Calibration.parse({
    schema: 1,
    at: Date.now(),
    tool: toolOf(tools),
    machine: machineOf(tools),
    load: { streams, seconds, tokens: EMISSION.tokens, intervalMs: EMISSION.intervalMs },
    requests: log.length,
    starved,
    errors: {
      ttft: measured(ttft),
      ttftIntended: measured(ttftIntended),
      gap: measured(gap),
      gapMax: measured(gapMax),
    },
    eventsPerCore: steady.events / steady.cpuSeconds,
    cpuSecondsPerMillionEvents: (steady.cpuSeconds / steady.events) * 1e6,
  })
  // One that could not keep up says nothing of the client at its work.
  if (calibration.starved === 0) await storeCalibration(tools, calibration)
  return calibration
}

/** Users for an open loop with so many requests in flight: enough that none of them is waited for. */
export const vusFor = (streams: number): number => Math.ceil(streams * 1.15) + 10

// --- Internal helpers ---

/** 25 tokens a second for two and a half seconds; out of step, where every event is a wake-up. */
const EMISSION: Emission = { firstMs: 200, intervalMs: 40, tokens: 64, phase: 'random' }

const measured = (error: ClientError | null): ClientError => {
  if (error !== null) return error
  throw new UserError({
    code: 'calibration-failed',
    message: 'expected requests with a first token to compare, found none that ended well',
    hint: 'try fewer --streams',
    exitCode: EXIT.unknown,
  })
}
