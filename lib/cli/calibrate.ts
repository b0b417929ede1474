import { join } from 'node:path'
import process from 'node:process'
import type { Calibration, ClientError } from '../core/calibration.ts'
import { EXIT, type ExitCode } from '../core/errors.ts'
import { calibrate as measure } from '../k6/calibration/calibrate.ts'
import type { CalibrationTools } from '../k6/calibration/store.ts'
import { cacheRoot, toolPath } from '../toolchain/tools.mjs'
import type { Context } from './context.ts'
import { renderTable } from './table.ts'

/** What `calibrate` and `run` measure with, and where they keep what they find. */
export const calibrationTools = (env: Context['env']): CalibrationTools => ({
  k6: toolPath('k6'),
  calibration: toolPath('calibration'),
  cacheDir: join(cacheRoot(env), 'calibration'),
  node: process.versions.node,
})

export interface CalibrateFlags {
  streams: number
  seconds: number
  json?: boolean
}

/** Measures the load client on this machine against a server that logs what went over the wire, and stores it. */
export const calibrate = async (
  { out, status, env, signal }: Context,
  { streams, seconds, json }: CalibrateFlags,
): Promise<ExitCode> => {
  status(`calibrating: about ${streams} streams for ${seconds} s`)
  const calibration = await measure(calibrationTools(env), { streams, seconds, signal })
  out(json ? `${JSON.stringify(calibration, null, 2)}\n` : describeCalibration(calibration))
  return calibration.starved === 0 ? EXIT.pass : EXIT.fail
}

export const describeCalibration = (calibration: Calibration): string => {
  const { errors, load, machine, requests, starved, tool } = calibration
  const table = renderTable([
    ["CLIENT'S ERROR", 'P50', 'P99', 'WORST'],
    row('time to first token, from the written request', errors.ttft),
    row('the same, from the intended start', errors.ttftIntended),
    row('gaps between tokens', errors.gap),
    row('worst gap of a request', errors.gapMax),
  ])
  return `${table}
${Math.round(calibration.eventsPerCore).toLocaleString('en')} events/s per core · ${calibration.cpuSecondsPerMillionEvents.toFixed(1)} CPU seconds per million events
${requests} requests of ${load.tokens} tokens, ${load.intervalMs} ms apart, about ${load.streams} at once; ${starved} starved
${tool} on ${machine.cpuModel}, ${machine.cores} cores, ${machine.kernel}
`
}

// --- Internal helpers ---

const row = (name: string, { p50, p99, max }: ClientError): string[] => [
  name,
  ...[p50, p99, max].map((value) => `${value.toFixed(value < 10 ? 2 : 1)} ms`),
]
