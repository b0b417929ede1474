/**
 * Every fault once on the embedded cluster, under load: each is injected, shows by its declared signals, leaves alone what it
 * declares, and is healed within five seconds of its end. One drill of about a minute a fault; FAULTS=pod-kill,net-delay plays only these.
 */
import { readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { faults } from '../../chaos/faults/registry.gen.ts'
import { FaultResource } from '../../lib/core/fault-resource.ts'
import { RUN_FILES } from '../../lib/core/run-folder.ts'
import { connect } from '../../lib/kube/client.ts'
import { prometheusClient, type PrometheusClient } from '../../lib/prometheus/client.ts'
import { stackTarget } from '../../stack/target.ts'
import { type Entry, openEntry } from '../support/entry.ts'
import { catalogueScenario } from './scenario.ts'
import { declaredSignals, didMove, didNotMove, lookAt, type Seen } from './signals.ts'

const NAME = 'catalogue-test'
const SCOPE = { namespace: 'llm', container: 'vllm' }
const HEAL_MS = 5_000
/** An hour is more than the whole catalogue takes. */
const PATIENCE_MS = 3_600_000

const only = (process.env['FAULTS'] ?? '').split(',').filter(Boolean)
const played = Object.values(faults).filter(({ name }) => only.length === 0 || only.includes(name))

let entry: Entry
let prometheus: PrometheusClient
let records: FaultResource[]

beforeAll(async () => {
  entry = await openEntry(NAME)
  const scenario = await entry.file('catalogue.json', JSON.stringify(catalogueScenario(faults, only)))
  const { stderr } = await entry.run('run', scenario, '--name', NAME, '--keep', '--json')
  const dir = await realpath(join(entry.folder, 'runs/latest')).catch(() => expect.fail(stderr))
  records = z.array(FaultResource).parse(JSON.parse(await readFile(join(dir, RUN_FILES.faults), 'utf8')))
  const kube = connect({ kubeconfig: join(entry.stateRoot, NAME, 'kubeconfig') })
  prometheus = prometheusClient({
    endpoint: { url: (await stackTarget(kube, { embedded: true })).prometheus, headers: {} },
  })
}, PATIENCE_MS)

afterAll(async () => {
  await entry.run('down', '--name', NAME)
  await entry.remove()
})

describe.for(played)('$name', (fault) => {
  const record = (): FaultResource =>
    records.find(({ spec }) => spec.kind === fault.name) ?? expect.fail(`the run has no Fault of ${fault.name}`)
  let seen: Seen[]

  test('bites, ends and is over', () => {
    const { status } = record()
    expect(status?.error).toBeUndefined()
    expect(status?.phase).toBe('Recovered')
    if (fault.group !== 'control') expect(status?.evidence).toMatchObject({ bit: true })
  })

  test('is healed within five seconds of its end', () => {
    const { spec, status } = record()
    const end = Date.parse(status?.injected ?? '') + spec.durationSeconds * 1_000
    expect(Date.parse(status?.healed ?? '') - end).toBeLessThanOrEqual(HEAL_MS)
  })

  test('moves what it says, and nothing that it says it leaves alone', async () => {
    seen = await Promise.all(declaredSignals(fault).map((signal) => lookAt(prometheus, signal, SCOPE, record())))
    const of = (signal: string): Seen => seen.find((one) => one.signal === signal) ?? expect.fail(signal)
    const { moves, still } = fault.signals
    const problems = [
      ...moves.map((move) => didNotMove(move, of(move.signal))),
      ...still.map((name) => didMove(of(name))),
    ]
    expect(problems.filter((problem) => problem !== null)).toEqual([])
  })
})
