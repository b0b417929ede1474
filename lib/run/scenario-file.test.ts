import { mkdtemp, mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { faults } from '../../chaos/faults/registry.gen.ts'
import { loadScenario } from './scenario-file.ts'

const ROOT = join(import.meta.dirname, '../..')
const catalogue = { faults, workloads: join(ROOT, 'scenarios/workloads') }

let folder: string
beforeAll(async () => {
  const made = await mkdtempDisposable(join(tmpdir(), 'scenarios-'))
  folder = made.path
  return () => made.remove()
})

const minimal = {
  name: 'tiny',
  summary: 'one pod',
  load: { users: { stages: [{ to: 5, over: '5s' }] }, workload: 'chat' },
  timeline: { kill: { when: { kind: 'at', time: '5s' }, fault: 'pod-kill', lasting: '5s' } },
}

const problemsOf = async (scenario: unknown): Promise<string> => {
  const path = join(folder, 'scenario.yaml')
  await writeFile(path, stringify(scenario))
  return loadScenario(path, catalogue).then(
    () => '',
    (error: Error) => error.message,
  )
}

test.each(['quick', 'smoke', 'open-loop', 'real-engine'])('scenarios/%s.ts is sound', async (name) => {
  const { scenario, workload } = await loadScenario(join(ROOT, `scenarios/${name}.ts`), catalogue)
  expect(scenario.name).toBe(name)
  expect(workload.name).toBe(scenario.load.workload)
})

test('YAML is as good as TypeScript', async () => expect(await problemsOf(minimal)).toBe(''))

test('an unknown key, fault, parameter and workload are named, with what would be right', async () => {
  expect(await problemsOf({ ...minimal, colour: 'red' })).toContain('"colour"')
  const kill = minimal.timeline.kill
  expect(await problemsOf({ ...minimal, timeline: { kill: { ...kill, fault: 'pod-kil' } } })).toMatch(
    /expected one of the faults .*pod-kill.*, found "pod-kil"[^]*timeline\.kill\.fault/,
  )
  expect(await problemsOf({ ...minimal, timeline: { kill: { ...kill, params: { count: 0 } } } })).toMatch(
    /count[^]*timeline\.kill\.params of pod-kill/,
  )
  expect(await problemsOf({ ...minimal, load: { ...minimal.load, workload: 'chta' } })).toMatch(
    /expected one of the workloads .*chat.*, found "chta"/,
  )
})

test('steps that would be in force together are refused, beside all else that is wrong', async () => {
  const kill = minimal.timeline.kill
  const problems = await problemsOf({ ...minimal, timeline: { kill, again: kill }, expect: { third: {} } })
  expect(problems).toContain('found "again" (5s…10s) while "kill" (5s…10s) is in force')
  expect(problems).toContain('→ at timeline.again')
  expect(problems).toContain('→ at expect.third')
})

test('all problems are told at once, also where the form is wrong', async () => {
  const problems = await problemsOf({
    ...minimal,
    colour: 'red',
    load: { ...minimal.load, workload: 'chatt' },
    timeline: { kill: { ...minimal.timeline.kill, fault: 'pod-kil', lastin: 3 }, odd: 7 },
  })
  for (const word of ['"colour"', '"lastin"', '"pod-kil"', '"chatt"', 'timeline.odd']) expect(problems).toContain(word)
})

test('a file that is not there, or cannot be read, says so', async () => {
  await expect(loadScenario(join(folder, 'none.ts'), catalogue)).rejects.toMatchObject({ code: 'scenario-not-found' })
  const broken = join(folder, 'broken.yaml')
  await writeFile(broken, 'a: [')
  await expect(loadScenario(broken, catalogue)).rejects.toMatchObject({ code: 'scenario-invalid' })
})

test('a trace counts from the scenario’s file, and says how long it is', async () => {
  const arrivals = { process: 'trace', trace: 'trace.jsonl', speed: 2 }
  const replayed = { ...minimal, load: { arrivals, maxInFlight: 5, workload: 'chat' } }
  expect(await problemsOf(replayed)).toMatch(
    /expected a trace that can be replayed at .*trace\.jsonl.*ENOENT[^]*load\.arrivals\.trace/,
  )
  await writeFile(join(folder, 'trace.jsonl'), 'a,b\n')
  expect(await problemsOf(replayed)).toMatch(/line 1: expected the columns TIMESTAMP/)
  await writeFile(join(folder, 'trace.jsonl'), '{"at":1}\n{"at":"x"}\n{"at":61000}\n')
  expect(await problemsOf(replayed)).toContain('line 2: expected {"at": ms')
  await writeFile(join(folder, 'trace.jsonl'), '{"at":1}\n{"at":61000}\n')
  expect(await problemsOf(replayed)).toBe('')
  const { scenario } = await loadScenario(join(folder, 'scenario.yaml'), catalogue)
  expect(scenario.load.arrivals).toEqual({
    process: 'trace',
    trace: join(folder, 'trace.jsonl'),
    speed: 2,
    over: 35_500,
  })
})

test('a workload of one’s own that is wrong says what, and where', async () => {
  const workloads = await mkdtemp(join(folder, 'workloads-'))
  const scenario = { ...minimal, load: { ...minimal.load, workload: 'mine' } }
  const path = join(folder, 'scenario.yaml')
  await writeFile(path, stringify(scenario))
  await writeFile(join(workloads, 'mine.ts'), 'export default { name: "mine", slo: {} }')
  await expect(loadScenario(path, { ...catalogue, workloads })).rejects.toMatchObject({
    code: 'workload-invalid',
    message: expect.stringMatching(/mine\.ts[^]*at least one of ttft, tpot and e2e[^]*at slo/),
  })
  await writeFile(join(workloads, 'torn.ts'), 'export default {')
  await writeFile(path, stringify({ ...scenario, load: { ...minimal.load, workload: 'torn' } }))
  await expect(loadScenario(path, { ...catalogue, workloads })).rejects.toMatchObject({ code: 'workload-invalid' })
})
