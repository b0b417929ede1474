import { expect, test } from 'vitest'
import { Calibration } from '../core/calibration.ts'
import { describeCalibration } from './calibrate.ts'

test('the table tells the errors and the cost', () => {
  const calibration = Calibration.parse({
    schema: 1,
    at: 1_795_310_941_000,
    tool: 'k6-157942a0d5550e2e',
    machine: { cpuModel: 'AMD EPYC', cores: 2, kernel: 'Linux 6.18', node: '24.21.0' },
    load: { streams: 100, seconds: 10, tokens: 64, intervalMs: 40 },
    requests: 471,
    starved: 0,
    errors: {
      ttft: { p50: 0.031, p99: 0.412, max: 1.2 },
      ttftIntended: { p50: 0.2, p99: 1.41, max: 12.34 },
      gap: { p50: 0.12, p99: 0.3, max: 3 },
      gapMax: { p50: 0.05, p99: 0.6, max: 3 },
    },
    eventsPerCore: 21_234.4,
    cpuSecondsPerMillionEvents: 47.09,
  })
  expect(describeCalibration(calibration)).toMatchInlineSnapshot(`
    "CLIENT'S ERROR                                 P50      P99      WORST
    time to first token, from the written request  0.03 ms  0.41 ms  1.20 ms
    the same, from the intended start              0.20 ms  1.41 ms  12.3 ms
    gaps between tokens                            0.12 ms  0.30 ms  3.00 ms
    worst gap of a request                         0.05 ms  0.60 ms  3.00 ms

    21,234 events/s per core · 47.1 CPU seconds per million events
    471 requests of 64 tokens, 40 ms apart, about 100 at once; 0 starved
    k6-157942a0d5550e2e on AMD EPYC, 2 cores, Linux 6.18
    "
  `)
})
