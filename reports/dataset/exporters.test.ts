import { describe, expect, test } from 'vitest'
import { Case } from '../../lib/core/case.ts'
import type { FaultResource } from '../../lib/core/fault-resource.ts'
import type { RunData } from '../read/run-data.ts'
import { calibrationWith } from '../testing/build-open-run.ts'
import { at } from '../testing/build-run.ts'
import { buildDrill } from '../testing/drill-run.ts'
import type { ExportContext } from './exporter.ts'
import { exporters } from './exporters/index.ts'
import { findCases } from './find-cases.ts'
import { makeRedactor } from './redact.ts'

const iso = (seconds: number): string => new Date(at(seconds)).toISOString()
const RUN_ID = 'quick-mwrc5a40'
const HOG = 'quick-hog-mwrc5a40'

const JOB = { spec: { template: { spec: { containers: [{ name: 'co-tenant', image: 'firedrill/gpu-hog' }] } } } }

/** The drill, with everything in its telemetry that would tell an agent the answer. */
const leaky = (): RunData => {
  const drill = buildDrill()
  const named = (fault: FaultResource): FaultResource => ({
    ...fault,
    metadata: { ...fault.metadata, name: `quick-${fault.metadata.name}-mwrc5a40` },
    spec: {
      ...fault.spec,
      params: fault.spec.kind === 'feature-flag' ? { flag: 'prompt-template', variant: 'v2' } : {},
    },
    status: {
      phase: 'Recovered',
      ...fault.status,
      plan: {
        victims: [{ name: 'vllm-7d9f-bbbbb', uid: 'u', node: 'gpu-1' }],
        ...(fault.spec.kind === 'gpu-memory-pressure' ? { job: JOB } : {}),
      },
    },
  })
  const samples: [number, number][] = [
    [at(100), 1],
    [at(130), 40],
  ]
  return {
    ...drill,
    run: drill.run === null ? null : { ...drill.run, id: RUN_ID },
    faults: (drill.faults ?? []).map(named),
    series: new Map([
      ...drill.series,
      [
        'gateway_flag_evaluations_total',
        [{ labels: { flag: 'prompt-template', variant: 'v2', pod: 'gateway-x' }, samples }],
      ],
      [
        'kube_pod_container_status_restarts_total',
        [{ labels: { pod: `${HOG}-d10a0ea2-x7x7x`, container: 'co-tenant', uid: 'u' }, samples: SEEN }],
      ],
      // An exporter that says nothing of where it runs: what it speaks of is all that names it.
      ['DCGM_FI_DEV_FB_USED', [{ labels: { pod: 'co-tenant', exported_container: 'co-tenant' }, samples: SEEN }]],
      [
        'kube_pod_status_ready',
        [
          {
            labels: { pod: `${HOG}-d10a0ea2-x7x7x`, condition: 'true' },
            samples: [
              [at(205), 0],
              [at(235), 1],
            ],
          },
          {
            labels: { pod: `${HOG}-d10a0ea2-x7x7x`, condition: 'false' },
            samples: [
              [at(205), 1],
              [at(235), 0],
            ],
          },
        ],
      ],
    ]),
    events: [
      ...(drill.events ?? []),
      CO_TENANT,
      {
        at: at(202),
        type: 'Normal',
        reason: 'Pulled',
        object: `Pod/${HOG}-d10a0ea2-x7x7x`,
        message: 'Container image "firedrill/gpu-hog" already present',
        count: 1,
      },
      {
        at: at(203),
        type: 'Normal',
        reason: 'Injected',
        object: `Fault/${HOG}`,
        message: 'gpu-memory-pressure',
        count: 1,
      },
    ],
  }
}

const SEEN: [number, number][] = [
  [at(205), 0],
  [at(235), 1],
]

const CO_TENANT = {
  at: at(204),
  type: 'Normal',
  reason: 'Started',
  object: `Pod/${HOG}-d10a0ea2-x7x7x`,
  message: 'Started container co-tenant',
  count: 1,
}

const LOGS = new Map([
  [
    'gateway-x.log',
    `${iso(90.5)} INFO Received request chatcmpl-quick-mwrc5a40-17-3: prompt\n${iso(91)} {"message":"flags loaded"}\n${iso(92)} prompt-template is v2\n${iso(93)} replica out\n${iso(210)} cgroup of co-tenant holds the device\n`,
  ],
  ['vllm-7d9f-aaaaa.log', `${iso(100)} Traceback\n  caused by itself\n${iso(2_000)} long after\n`],
  [`${HOG}-d10a0ea2-x7x7x.log`, `${iso(203)} took 40000 MiB\n`],
])

const context = (run: RunData = leaky()): ExportContext => ({
  run,
  cases: findCases(run),
  logs: LOGS,
  redactor: makeRedactor(run),
})

/** What an agent must never read: the harness, the kinds of the faults, their parameters and names. */
const ANSWERS =
  /firedrill|pod-kill|feature-flag|gpu-memory-pressure|prompt-template|gpu-hog|co-tenant|quick-|k6_|flag_|flagevaluations|"?fault"?:/i

const fileOf = (name: string, path: RegExp, from = context()) =>
  exporters
    .find((one) => one.name === name)
    ?.export(from)
    .find((file) => path.test(file.path))?.text ?? ''

describe.each(exporters)('the exporter $name', (exporter) => {
  test('writes the same files each time, each once, all below the root', () => {
    const files = exporter.export(context())
    expect(files.length).toBeGreaterThan(0)
    expect(exporter.export(context())).toEqual(files)
    expect(new Set(files.map(({ path }) => path)).size).toBe(files.length)
    for (const { path } of files) expect(path).toMatch(/^[\w-]+(\/[\w-]+)?\.\w+$|^[\w-]+\/[\w-]+\.\w+$/)
  })

  test('writes what its ending says', () => {
    for (const { path, text } of exporter.export(context())) {
      if (path.endsWith('.jsonl'))
        for (const line of text.split('\n').filter(Boolean)) expect(JSON.parse(line)).toBeTypeOf('object')
      if (path.endsWith('.csv'))
        expect(
          new Set(
            text
              .trim()
              .split('\n')
              .map((line) => line.split(',').length),
          ).size,
        ).toBe(1)
      if (text !== '') expect(text.endsWith('\n')).toBe(true)
    }
  })

  test('works for a run of which nothing is known', () => {
    const nothing: RunData = {
      ...buildDrill(),
      run: null,
      scenario: null,
      plan: null,
      faults: null,
      requests: null,
      events: null,
      series: new Map(),
    }
    expect(() => exporter.export({ ...context(nothing), logs: new Map() })).not.toThrow()
  })
})

test.each(exporters.filter(({ audience }) => audience === 'agent'))(
  'the exporter $name does not tell an agent the answer',
  (exporter) => {
    for (const { path, text } of exporter.export(context())) expect(`${path}\n${text}`).not.toMatch(ANSWERS)
  },
)

describe('cases', () => {
  const cases = findCases(leaky())

  test('are one for every fault that bit, and fault-free ones', () => {
    expect(
      cases
        .filter(({ kind }) => kind === 'fault')
        .map(({ fault }) => fault)
        .sort(),
    ).toEqual(['feature-flag', 'gpu-memory-pressure', 'pod-kill'])
    expect(cases.filter(({ kind }) => kind === 'none').length).toBeGreaterThanOrEqual(1)
    for (const one of cases) {
      expect(() => Case.parse(one)).not.toThrow()
      expect([one.normalFrom, one.incidentFrom, one.incidentTo, one.to]).toEqual(
        [one.normalFrom, one.incidentFrom, one.incidentTo, one.to].toSorted((a, b) => a - b),
      )
    }
  })

  test('end clear of the next fault, whose Events are stamped with the second before it', () => {
    const run = leaky()
    // Everything queues until the next fault comes: the requests are over only after it.
    const close = (run.faults ?? []).map((fault) =>
      Object.assign({}, fault, {
        status: Object.assign({}, fault.status, fault.spec.kind === 'pod-kill' ? { injected: iso(263.4) } : {}),
      }),
    )
    const killed = { ...CO_TENANT, at: at(263), reason: 'Killing', object: 'Pod/vllm-7d9f-ccccc', message: 'Stopping' }
    const from = context({ ...run, faults: close, events: [...(run.events ?? []), killed] })
    const hog = from.cases.find(({ fault }) => fault === 'gpu-memory-pressure')
    expect(hog?.to).toBe(at(261.4))
    expect(hog?.incidentTo).toBe(at(261.4))
    expect(fileOf('events', new RegExp(`^${hog?.id}`), from)).not.toContain('vllm-7d9f-ccccc')
    const kill = from.cases.find(({ fault }) => fault === 'pod-kill')
    expect(fileOf('events', new RegExp(`^${kill?.id}`), from)).toContain('vllm-7d9f-ccccc')
  })

  test('are not made of faults that came at once', () => {
    const run = leaky()
    const faults = (run.faults ?? []).map((fault) =>
      Object.assign({}, fault, {
        status: Object.assign({}, fault.status, fault.spec.kind === 'pod-kill' ? { injected: iso(201) } : {}),
      }),
    )
    expect(findCases({ ...run, faults }).map(({ fault }) => fault)).not.toContain('gpu-memory-pressure')
  })

  test('of faults that did not bite are not made up', () => {
    const drill = buildDrill()
    const faults = (drill.faults ?? []).map((fault) =>
      Object.assign({}, fault, {
        status: Object.assign({}, fault.status, { evidence: { bit: false, reason: '', facts: {} } }),
      }),
    )
    expect(findCases({ ...drill, faults }).every(({ kind }) => kind === 'none')).toBe(true)
  })

  test('fault-free windows touch no fault', () => {
    const faults = [
      [90, 136],
      [200, 262],
      [320, 338],
    ] as const
    for (const { normalFrom, to } of cases.filter(({ kind }) => kind === 'none')) {
      for (const [from, until] of faults) expect(to <= at(from) || normalFrom >= at(until)).toBe(true)
    }
  })
})

test('latencies are no finer than the client’s own error, and the card says what that is', () => {
  const run = leaky()
  const latencies = (data: RunData): string[] => {
    const [head = '', ...rows] = fileOf('metrics-csv', /metrics\.csv$/, context(data))
      .trim()
      .split('\n')
    const index = head.split(',').indexOf('frontend_latency')
    return rows.map((row) => row.split(',')[index] ?? '').filter((text) => text !== '')
  }
  const exact = latencies({ ...run, calibration: calibrationWith(0.1) })
  expect(exact.some((text) => /\.\d{4}$/.test(text))).toBe(true)
  expect(latencies(run).every((text) => /^\d+(\.\d{1,3})?$/.test(text))).toBe(true)
  const coarse = { ...run, calibration: calibrationWith(28) }
  expect(latencies(coarse).length).toBeGreaterThan(0)
  for (const text of latencies(coarse))
    expect(Number(text) === 0.028 || Math.round(Number(text) * 1_000) % 50 === 0).toBe(true)
  expect(fileOf('card', /README/, context(coarse))).toContain('28 ms (p99)')
  expect(fileOf('card', /README/)).toContain('nobody measured')
})

describe('what an agent reads', () => {
  const cases = findCases(leaky())
  const hog = cases.find(({ fault }) => fault === 'gpu-memory-pressure')
  const template = cases.find(({ fault }) => fault === 'feature-flag')

  test('metrics have one row a second and columns of one service and one token', () => {
    const [head = '', ...rows] = fileOf('metrics-csv', new RegExp(`^${hog?.id}`))
      .trim()
      .split('\n')
    for (const column of head.split(',').slice(1)) expect(column.split('_')).toHaveLength(2)
    const times = rows.map((row) => Number(row.split(',')[0]))
    expect(times).toEqual(times.map((_, index) => (times[0] ?? 0) + index))
    expect(head).toContain('vllm-7d9f-aaaaa_kvcacheusageperc')
    expect(head).toMatch(/batch-\w+-d10a0ea2-x7x7x_kubepodstatusready/)
  })

  test('counters are rates, gauges as they stood', () => {
    const [head = '', ...rows] = fileOf('metrics-csv', new RegExp(`^${template?.id}`))
      .trim()
      .split('\n')
    const column = (name: string): number[] => {
      const index = head.split(',').indexOf(name)
      return rows.map((row) => Number(row.split(',')[index]))
    }
    expect(Math.max(...column('vllm-7d9f-aaaaa_kvcacheusageperc'))).toBeGreaterThan(0.95)
    // The drill generates some 1,450 tokens a scrape of two seconds.
    expect(Math.max(...column('vllm-7d9f-aaaaa_generationtokens'))).toBeLessThan(850)
    expect(Math.max(...column('frontend_workload'))).toBeGreaterThan(10)
  })

  test('an object that a fault made stays under a neutral name, and the Fault itself goes', () => {
    const events = fileOf('events', new RegExp(`^${hog?.id}`))
    expect(events).toMatch(
      /"object":"Pod\/batch-\w+-d10a0ea2-x7x7x","message":"Container image \\"batch:1\\" already present"/,
    )
    expect(events).not.toContain('Injected')
    expect(events).toContain('"message":"Started container main"')
    expect(fileOf('logs', new RegExp(`^${hog?.id}`))).toContain('cgroup of main holds the device')
  })

  test('logs keep their order and their lines without a time', () => {
    const logs = fileOf('logs', new RegExp(`^${template?.id}`))
      .trim()
      .split('\n')
    expect(logs.map((line) => JSON.parse(line).message)).toEqual([
      // Its id began with that of the run, and so with the name of the scenario.
      expect.stringMatching(/^INFO Received request chatcmpl-run-\w+-17-3: prompt$/),
      'replica out',
      'Traceback',
      '  caused by itself',
    ])
  })

  test('the truth names the component that the record says was touched', () => {
    expect(fileOf('ground-truth', /labels/)).toContain('"component":"Pod/vllm-7d9f-bbbbb"')
  })
})
