/** Every traffic fault on the embedded cluster under a small load, by what Prometheus saw; one begins when a condition has held. */
import { readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { faults } from '../chaos/faults/registry.gen.ts'
import { Event } from '../lib/core/event.ts'
import { FaultResource } from '../lib/core/fault-resource.ts'
import { PackedRequest, RUN_FILES } from '../lib/core/run-folder.ts'
import { after, at, defineScenario, ramp, when } from '../lib/core/scenario.ts'
import { SYMPTOMS } from '../lib/core/symptom.ts'
import { Verdict } from '../lib/core/verdict.ts'
import { connect } from '../lib/kube/client.ts'
import { readParquet } from '../lib/parquet/read.ts'
import { prometheusClient, type PrometheusClient } from '../lib/prometheus/client.ts'
import { stackTarget } from '../stack/target.ts'
import { didNotMove, lookAt } from './catalogue/signals.ts'
import { type Entry, openEntry } from './support/entry.ts'

const NAME = 'traffic-drill-test'
const SCOPE = { namespace: 'llm', container: 'vllm' }
const PATIENCE_MS = 900_000
const LEAVING = 'sum(rate(gateway_requests_total{code="499"}[10s])) > 0.5'

const tolerated = { alerts: [], tolerates: [...SYMPTOMS] }
const scenario = defineScenario({
  name: 'traffic',
  summary: 'The load itself is the fault',
  load: { users: ramp().to(40, '5s').hold('6m'), workload: 'chat' },
  baseline: '15s',
  timeline: {
    aborts: at('25s').fault('client-aborts').lasting('25s'),
    bust: when(LEAVING).heldFor('3s').by('60s').fault('cache-bust').lasting('25s').overlapping('aborts'),
    context: after('bust', '20s').fault('long-context').lasting('25s'),
    surge: after('context', '25s').fault('load-surge', { factor: 3 }).lasting('25s'),
  },
  expect: { aborts: tolerated, bust: tolerated, context: tolerated, surge: tolerated },
  settle: '10s',
})
const STEPS = Object.entries(scenario.timeline).map(([step, { fault }]) => ({ step, fault }))

let entry: Entry
let prometheus: PrometheusClient
let records: FaultResource[]
let requests: PackedRequest[]
let journal: Event[]
let verdict: Verdict

beforeAll(async () => {
  entry = await openEntry(NAME)
  const file = await entry.file('traffic.json', JSON.stringify(scenario))
  const { stdout, stderr } = await entry.run('run', file, '--name', NAME, '--keep', '--json')
  if (!stdout.startsWith('{')) throw new Error(`no verdict; stderr:\n${stderr}`)
  verdict = Verdict.parse(JSON.parse(stdout))
  const dir = await realpath(join(entry.folder, 'runs/latest'))
  records = z.array(FaultResource).parse(JSON.parse(await readFile(join(dir, RUN_FILES.faults), 'utf8')))
  requests = z.array(PackedRequest).parse(await readParquet(join(dir, RUN_FILES.requests)))
  const lines = (await readFile(join(dir, RUN_FILES.journal), 'utf8')).trim().split('\n')
  journal = lines.map((line) => Event.parse(JSON.parse(line)))
  const kube = connect({ kubeconfig: join(entry.stateRoot, NAME, 'kubeconfig') })
  prometheus = prometheusClient({
    endpoint: { url: (await stackTarget(kube, { embedded: true })).prometheus, headers: {} },
    fetch,
  })
}, PATIENCE_MS)

afterAll(async () => {
  await entry.run('down', '--name', NAME)
  await entry.remove()
})

const recordOf = (step: string): FaultResource =>
  records.find(({ metadata }) => metadata.labels?.['firedrill.dev/step'] === step) ?? expect.fail(`no Fault of ${step}`)

describe.for(STEPS)('$fault', ({ step, fault }) => {
  test('bites by what Prometheus saw, and is over', async () => {
    const record = recordOf(step)
    expect(record.status).toMatchObject({ phase: 'Recovered', evidence: { bit: true } })
    const moves = faults[fault]?.signals.moves ?? []
    expect(moves.length).toBeGreaterThan(0)
    for (const move of moves) expect(didNotMove(move, await lookAt(prometheus, move.signal, SCOPE, record))).toBeNull()
  })

  test('marks the requests that it made what they are, and only while it was in force', () => {
    const { status } = recordOf(step)
    const [from, to] = [Date.parse(status?.injected ?? ''), Date.parse(status?.healed ?? '')]
    const marked = requests.filter(({ traffic }) => traffic?.split(',').includes(step))
    expect(marked.length).toBeGreaterThan(20)
    for (const { started } of marked) {
      expect(started).toBeGreaterThanOrEqual(from)
      expect(started).toBeLessThanOrEqual(to + 1_000)
    }
  })
})

test('the load is delivered, whatever was asked for beyond it', () => {
  expect(verdict.load).toMatchObject({
    delivered: true,
    offered: { kind: 'users', planned: 40, gauge: 40, recorded: 40 },
  })
  expect(new Set(requests.filter(({ extra }) => extra).map(({ vu }) => vu)).size).toBe(80)
})

test('the step that waited began when its condition had held, while the fault that caused it was in force', () => {
  const held = journal.find(({ what }) => what === 'condition-true')
  expect(held?.value).toMatchObject({ step: 'bust', value: expect.any(Number) })
  const { injected } = recordOf('bust').status ?? {}
  expect(Date.parse(injected ?? '')).toBeGreaterThanOrEqual((held?.wall ?? Infinity) + 2_900)
  expect(Date.parse(injected ?? '')).toBeLessThan(Date.parse(recordOf('aborts').status?.healed ?? ''))
})
