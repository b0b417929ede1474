import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Scenario } from '../core/scenario.ts'
import { Workload } from '../core/workload.ts'
import chat from '../../scenarios/workloads/chat.ts'
import quick from '../../scenarios/quick.ts'
import { writeBundle } from './bundle.ts'
import { scriptData } from './script-data.ts'

const data = scriptData(Scenario.parse(quick), Workload.parse(chat), 1)

test('the script carries the scenario, each step with a seed of its own', () => {
  expect(data.load).toMatchObject({ kind: 'users', stages: [{ to: 1_000 }, { to: 1_000 }] })
  expect(data.durationMs).toBeGreaterThan(60_000)
  const [first] = data.steps
  expect(first?.when.kind).toBe('at')
  expect(first?.spec.durationSeconds).toBeGreaterThan(0)
  expect(new Set(data.steps.map(({ spec }) => spec.seed)).size).toBe(data.steps.length)
})

test('a schedule has a seed of its own, and a promise is the scenario’s before the workload’s', () => {
  const arrivals = { process: 'gamma', burstiness: 0.5, stages: [{ to: 20, over: '10s' }] } as const
  const load = { arrivals, maxInFlight: 30, workload: 'chat', slo: { ttft: '1s' } }
  const workload = Workload.parse({ ...chat, slo: { ttft: '9s', tpot: '50ms' } })
  const open = (seed: number) => scriptData(Scenario.parse({ ...quick, load }), workload, seed)
  const { load: one, slo, durationMs } = open(1)
  expect({ one, slo, durationMs }).toMatchObject({
    one: {
      kind: 'arrivals',
      maxInFlight: 30,
      schedule: { process: 'gamma', burstiness: 0.5, stages: [{ to: 20, over: 10_000 }] },
    },
    slo: { ttft: 1_000 },
    durationMs: 10_000,
  })
  expect(open(1).load).toEqual(one)
  expect(open(2).load).not.toEqual(one)
  const silent = Scenario.parse({ ...quick, load: { ...load, slo: undefined } })
  expect(scriptData(silent, workload, 1).slo).toEqual({ ttft: 9_000, tpot: 50 })
})

test('the bundle is one small file: every virtual user evaluates it', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'bundle-'))
  await writeBundle(join(dir, 'bundle.js'), data)
  const text = await readFile(join(dir, 'bundle.js'), 'utf8')
  await rm(dir, { recursive: true })
  expect(text.length).toBeLessThan(36_000)
  const imports = [...text.matchAll(/from "([^"]+)"/g)].map((match) => match[1])
  expect([...new Set(imports)].sort()).toEqual([
    'k6',
    'k6/execution',
    'k6/http',
    'k6/metrics',
    'k6/x/kubernetes',
    'k6/x/llm',
  ])
  expect(text).toContain('gpu-memory-pressure')
})
