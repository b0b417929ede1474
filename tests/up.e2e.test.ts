import { readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { stringify } from 'yaml'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RunInfo, RunPlan, RUN_FILES } from '../lib/core/run-folder.ts'
import { type Entry, openEntry, type Outcome } from './support/entry.ts'

const NAME = 'up-test'

let entry: Entry

/** By --name alone: no word of the cluster in the environment. */
const kubectl = async (...args: string[]): Promise<Outcome> => {
  const program = join(import.meta.dirname, '../bin/firedrill')
  const env = { XDG_STATE_HOME: join(entry.folder, 'state') }
  return execa(program, ['kubectl', '--name', NAME, ...args], { env, reject: false })
}

const drill = {
  name: 'short',
  summary: 'Nothing but a little load',
  load: {
    users: {
      stages: [
        { to: 2, over: '1s' },
        { to: 2, over: '40s' },
      ],
    },
    workload: 'chat',
  },
  baseline: '1s',
  timeline: { flip: { when: { kind: 'at', time: '1s' }, fault: 'feature-flag', lasting: '1s', params: { flag: 'prompt-template', variant: 'v2' } } }, // prettier-ignore
  expect: {},
  settle: '1s',
}

beforeAll(async () => {
  entry = await openEntry(NAME)
  const { exitCode, stderr } = await entry.run('up', '--name', NAME)
  expect(exitCode, stderr).toBe(0)
})

afterAll(async () => {
  expect((await entry.run('down', '--name', NAME)).exitCode).toBe(0)
  await entry.remove()
})

test('kubectl knows Faults before the first run, and explains them', async () => {
  expect(await kubectl('get', 'faults', '-A')).toMatchObject({ exitCode: 0, stderr: 'No resources found' })
  const explained = await kubectl('explain', 'fault.spec')
  expect(explained.stdout).toMatch(/durationSeconds\s+<number>[^\n]*\n\s+Seconds from the injection/)
  expect((await kubectl('get', 'nonsense')).exitCode).toBe(1)
})

test('a gateway that was restarted is found where it is now; run.json has versions and no secrets', async () => {
  expect((await kubectl('-n', 'llm', 'rollout', 'restart', 'deployment/gateway')).exitCode).toBe(0)
  expect((await kubectl('-n', 'llm', 'rollout', 'status', 'deployment/gateway')).exitCode).toBe(0)
  const scenario = await entry.file('short.yaml', stringify(drill))
  const plan = await entry.run('plan', scenario, '--name', NAME, '--json')
  expect(plan.exitCode, plan.stderr).toBe(0)
  const { rules } = RunPlan.parse(JSON.parse(plan.stdout))
  expect(rules.map(({ file }) => file).filter((file) => file.includes('/'))).toEqual([])

  await entry.run('run', scenario, '--name', NAME, '--keep', '--header', 'Authorization: Bearer s3cret')
  const text = await readFile(join(await realpath(join(entry.folder, 'runs/latest')), RUN_FILES.run), 'utf8')
  expect(text).not.toContain('s3cret')
  const { versions, ending } = RunInfo.parse(JSON.parse(text))
  expect(ending).toBe('completed')
  for (const part of ['firedrill', 'node', 'k6', 'kubernetes', 'prometheus', 'alertmanager', 'engine'])
    expect(versions, part).toMatchObject({ [part]: expect.stringMatching(/^\d+\.\d+/) })
})

test('a Fault that kubectl made and nobody acts on can be healed and deleted', async () => {
  const fault = { apiVersion: 'firedrill.dev/v1alpha1', kind: 'Fault', metadata: { name: 'alone', namespace: 'llm' }, spec: { kind: 'pod-kill', target: { selector: 'app=vllm' }, durationSeconds: 5 } } // prettier-ignore
  expect((await kubectl('create', '-f', await entry.file('fault.yaml', stringify(fault)))).exitCode).toBe(0)
  expect((await entry.run('heal', '--name', NAME, '--dry-run')).stdout).toMatch(/llm\/alone +pod-kill +Pending/)
  expect((await entry.run('heal', '--name', NAME)).exitCode).toBe(0)
  expect((await entry.run('heal', '--name', NAME, '--dry-run')).stdout).toBe('nothing to heal')
  expect((await kubectl('delete', 'faults', '--all', '-n', 'llm', '--timeout=10s')).exitCode).toBe(0)
})
