import { rank } from '../../lib/core/rank.ts'
import { vusFor } from '../../lib/k6/calibration/calibrate.ts'
import { compare } from '../../lib/k6/calibration/compare.ts'
import { type Measurement, requestSeconds } from '../../lib/k6/calibration/measure.ts'
import type { Emission } from '../../lib/k6/calibration/server.ts'
import { type Bench, EMISSION } from './bench.ts'
import { criticalDistance, exponentialDistance } from './kolmogorov.ts'
import { atMost, info, type Line } from '../bench/line.ts'

const RATE = 370
const USERS = 1_000
const MEMORY_MB = 400
/** A user whose request has ended may have kept its connection while another opens one. */
const IDLE_SHARE = 1.02
const PHASES: readonly Emission['phase'][] = ['random', 'in-step']

/** 1,000 in flight by a schedule. */
const openLoop = async (bench: Bench): Promise<Line[]> => {
  const group = 'open loop'
  const emission: Emission = { ...EMISSION, phase: 'random' }
  const streams = Math.round(RATE * requestSeconds(emission))
  const vus = vusFor(streams)
  const measured = await bench.measure({
    client: 'k6',
    emission,
    load: { mode: 'open', process: 'constant', rate: RATE, vus },
    steadySeconds: 20,
  })
  const { log, rows, server, steady } = measured
  const all = compare(log, rows)
  // With all of the load in flight; before, users begin who have nothing to ask yet.
  const found = compare(
    log,
    rows.filter(({ started }) => started >= steady.from && started < steady.to),
  )
  const seconds = (steady.to - steady.from) / 1_000
  const asked = log.filter(({ received }) => received >= steady.from && received < steady.to).length
  return [
    info(group, `in flight at most, ${RATE} requests/s`, server.peakStreams, ''),
    atMost(group, { what: 'TTFT (written) error, p99', value: found.ttft?.p99, atMost: 2, unit: 'ms' }),
    atMost(group, {
      what: 'TTFT from intended start, error p99',
      value: found.ttftIntended?.p99,
      atMost: 5,
      unit: 'ms',
    }),
    info(group, 'the same, with the first seconds', all.ttftIntended?.p99, 'ms'),
    atMost(group, { what: 'gap error, p99', value: found.gap?.p99, atMost: 2, unit: 'ms' }),
    info(group, "a request's worst gap, error p99", found.gapMax?.p99, 'ms'),
    atMost(group, {
      what: 'requests/s off the asked',
      value: Math.abs(asked / seconds / RATE - 1) * 100,
      atMost: 0.5,
      unit: '%',
    }),
    atMost(group, { what: 'streams starved', value: all.starved, atMost: 0, unit: '' }),
    atMost(group, {
      what: 'open connections (streams and idle)',
      value: server.peakConnections,
      atMost: Math.ceil(server.peakStreams * IDLE_SHARE),
      unit: '',
    }),
    info(group, 'connections opened in all', server.accepted, ''),
    atMost(group, { what: 'peak memory', value: peakOf(measured), atMost: MEMORY_MB, unit: 'MB' }),
    ...cost(group, measured),
    ...serverLines(group, measured),
  ]
}

/** 1,000 users who all begin at once. */
const closedLoop = async (bench: Bench): Promise<Line[]> => {
  const lines: Line[] = []
  for (const phase of PHASES) {
    const group = `closed loop, ${phase}`
    const measured = await bench.closed('k6', USERS, phase)
    const { log, rows, server } = measured
    const found = compare(log, rows)
    lines.push(
      atMost(group, { what: 'TTFT (written) error, p99', value: found.ttft?.p99, atMost: 2, unit: 'ms' }),
      info(group, 'gap error, p99', found.gap?.p99, 'ms'),
      atMost(group, { what: 'streams starved', value: found.starved, atMost: 0, unit: '' }),
      atMost(group, { what: 'open connections', value: server.peakConnections, atMost: USERS, unit: '' }),
      atMost(group, { what: 'peak memory', value: peakOf(measured), atMost: MEMORY_MB, unit: 'MB' }),
      ...serverLines(group, measured),
    )
  }
  return lines
}

/** CPU of a million events, beside that of a reader which does nothing else. */
const costs = async (bench: Bench): Promise<Line[]> => {
  const lines: Line[] = []
  for (const phase of PHASES)
    for (const streams of [100, 400, USERS]) {
      const group = `cost, ${streams} ${phase}`
      const [k6, reader] = [await bench.closed('k6', streams, phase), await bench.closed('reader', streams, phase)]
      const [own, least] = [compare(k6.log, k6.rows), compare(reader.log, reader.rows)]
      lines.push(
        atMost(group, { what: "CPU, times the reader's", value: costOf(k6) / costOf(reader), atMost: 1.5, unit: '' }),
        ...cost(group, k6),
        info(group, "the reader's CPU s per million events", costOf(reader), 's'),
        info(group, 'TTFT (written) error p99', own.ttft?.p99, 'ms'),
        info(group, "the reader's TTFT error p99", least.ttft?.p99, 'ms'),
        info(group, 'gap error p99', own.gap?.p99, 'ms'),
        info(group, "the reader's gap error p99", least.gap?.p99, 'ms'),
      )
    }
  return lines
}

/** An hour's chunks (25 a second) for each of 1,000 users, as fast as they are read. */
const memoryOfAnHour = async (bench: Bench): Promise<Line[]> => {
  const group = 'memory, an hour'
  const measured = await bench.measure({
    client: 'k6',
    emission: { firstMs: 200, intervalMs: 100, tokens: 90_000, batch: 64, phase: 'random' },
    load: { mode: 'closed', streams: USERS },
    settleSeconds: 5,
    steadySeconds: 20,
    logged: false,
  })
  const { memory, rows, server } = measured
  const quarter = memory.slice(Math.floor(memory.length * 0.2), Math.ceil(memory.length * 0.3))
  const end = memory.slice(Math.floor(memory.length * 0.9))
  const [early, late] = [quarter, end].map((samples) => Math.max(...samples.map(({ residentMiB }) => residentMiB)))
  const whole = rows.filter(({ chunks, outcome }) => chunks === 90_000 && outcome === 'ok').length
  return [
    info(group, 'events', server.events, ''),
    atMost(group, { what: 'peak memory, 1,000 users', value: peakOf(measured), atMost: MEMORY_MB, unit: 'MB' }),
    atMost(group, {
      what: 'memory at the end over that at a quarter',
      value: (late ?? Number.NaN) / (early ?? Number.NaN),
      atMost: 1.1,
      unit: '',
    }),
    atMost(group, { what: 'answers that are not whole', value: rows.length - whole, atMost: 0, unit: '' }),
  ]
}

const poisson = async (bench: Bench): Promise<Line[]> => {
  const group = 'Poisson 200/s'
  const emission: Emission = { ...EMISSION, phase: 'random' }
  const rate = 200
  const vus = vusFor(Math.round(rate * requestSeconds(emission) * 1.1))
  const { log, rows } = await bench.measure({
    client: 'k6',
    emission,
    load: { mode: 'open', process: 'poisson', rate, vus },
    steadySeconds: 60 - requestSeconds(emission),
    settleSeconds: requestSeconds(emission),
  })
  const intended = rows.flatMap((row) => row.intended ?? [])
  const lags = Float64Array.from(
    rows.flatMap((row) => (row.intended === null ? [] : row.started - row.intended)),
  ).sort()
  const critical = Number(criticalDistance(intended.length).toFixed(4))
  const distance = (times: readonly number[]): number => Number(exponentialDistance(times, rate).toFixed(4))
  return [
    info(group, 'requests', intended.length, ''),
    atMost(group, { what: 'KS distance, as intended (1 %)', value: distance(intended), atMost: critical, unit: '' }),
    atMost(group, {
      what: 'KS distance, as the server got them (1 %)',
      value: distance(log.map(({ received }) => received)),
      atMost: critical,
      unit: '',
    }),
    atMost(group, {
      what: 'schedule lag, p99',
      value: lags.length === 0 ? undefined : rank(lags, 0.99),
      atMost: 5,
      unit: 'ms',
    }),
    atMost(group, { what: 'streams starved', value: compare(log, rows).starved, atMost: 0, unit: '' }),
  ]
}

export const GROUPS: Record<string, (bench: Bench) => Promise<Line[]>> = {
  'open-loop': openLoop,
  'closed-loop': closedLoop,
  cost: costs,
  memory: memoryOfAnHour,
  poisson,
}

// --- Internal helpers ---

const costOf = ({ steady }: Measurement): number => (steady.cpuSeconds / steady.events) * 1e6

const MIB_IN_MB = 2 ** 20 / 1e6

const peakOf = ({ memory }: Measurement): number | undefined => {
  const peak = memory.at(-1)?.peakMiB
  return peak === undefined ? undefined : peak * MIB_IN_MB
}

const cost = (group: string, measured: Measurement): Line[] => [
  info(group, 'CPU s per million events', costOf(measured), 's'),
  info(group, 'CPU s before the first request', measured.startCpuSeconds, 's'),
]

/** Whether the other side was up to it: none of this is the client's. */
const serverLines = (group: string, { server }: Measurement): Line[] => [
  info(group, "the server's own lateness p99 (no error)", server.lateMsP99, 'ms'),
  info(group, 'requests not stamped by the kernel', server.requests - server.kernelStamps, ''),
]
