import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RunInfo } from '../lib/core/run-folder.ts'
import { type Entry, openEntry } from './support/entry.ts'

const NAME = 'safety-test'

let entry: Entry
let named: string[]

const users = (over: string) => ({
  users: {
    stages: [
      { to: 5, over: '1s' },
      { to: 5, over },
    ],
  },
  workload: 'chat',
})
const drill = {
  name: 'safety',
  summary: 'One serving pod is killed',
  load: users('2m'),
  baseline: '2s',
  timeline: { kill: { when: { kind: 'at', time: '4s' }, fault: 'pod-kill', lasting: '5s' } },
  expect: { kill: { tolerates: ['availability', 'queue', 'latency', 'throughput'] } },
  settle: '1s',
}
const write = (name: string, value: unknown): Promise<string> => entry.file(name, stringify(value))

const infoOf = async (runs: string): Promise<RunInfo> =>
  JSON.parse(await readFile(join(entry.folder, runs, 'latest/run.json'), 'utf8'))

beforeAll(async () => {
  entry = await openEntry('safety')
  const { stdout, stderr, exitCode } = await entry.run('up', '--name', NAME)
  expect(exitCode, stderr).toBe(0)
  // The flags that name this cluster as one of somebody else's.
  named = stdout.split(/\s+/).filter((word, index, all) => word.startsWith('--') || all[index - 1]?.startsWith('--'))
})

afterAll(async () => {
  await entry?.run('down', '--name', NAME)
  await entry?.remove()
})

test('list faults --target: what works there, and why the rest does not', async () => {
  const { stdout, exitCode } = await entry.run('list', 'faults', '--target', '--name', NAME)
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/^FAULT +GROUP +WORKS +WHY NOT$/m)
  expect(stdout).toMatch(/^pod-kill +serving +yes$/m)
  expect(stdout).toMatch(/^load-surge +traffic +in a run +expected .* found /m)
})

test('a whole drill under exactly the rights that `firedrill rbac` prints', async () => {
  const path = await write('least.yaml', drill)
  const rbac = await entry.run('rbac', '--scenario', path, '--namespace', 'llm')
  expect(rbac.exitCode, rbac.stderr).toBe(0)
  expect(rbac.stdout).not.toContain('ClusterRole')
  const manifests = await entry.file('rbac.yaml', rbac.stdout)
  // An administrator's part: what a Fault is.
  const crd = join(import.meta.dirname, '../chaos/controller/crd.gen.yaml')
  for (const file of [crd, manifests]) {
    const applied = await entry.kubectl('--name', NAME, 'apply', '-f', file)
    expect(applied.exitCode, applied.stderr).toBe(0)
  }
  const token = (await entry.kubectl('--name', NAME, 'create', 'token', 'firedrill', '-n', 'llm')).stdout.trim()
  const admin = JSON.parse(
    (await entry.kubectl('--name', NAME, 'config', 'view', '--raw', '--minify', '-o', 'json')).stdout,
  )
  const [context] = admin.contexts
  const kubeconfig = await write('limited', {
    ...admin,
    contexts: [{ ...context, context: { ...context.context, user: 'limited' } }],
    users: [{ name: 'limited', user: { token } }],
  })
  const flags = named.map((word, index) => (named[index - 1] === '--kubeconfig' ? kubeconfig : word))
  const { exitCode, stderr } = await entry.run('run', path, ...flags, '--no-calibrate', '--runs', 'least')
  expect([0, 1, 2], stderr).toContain(exitCode)
  expect(stderr).toMatch(/kill +recovered: 3 of 3/)
  expect(stderr).not.toMatch(/forbidden/i)
  expect(await infoOf('least')).toMatchObject({ ending: 'completed' })
})

test('halt: the drill that runs is healed and ends, and no other begins before the release', async () => {
  const path = await write('halted.yaml', {
    ...drill,
    timeline: { kill: { ...drill.timeline.kill, lasting: '90s' } },
  })
  const args = ['run', path, '--name', NAME, '--keep', '--no-calibrate', '--runs', 'halted'] as const
  const running = entry.start(...args)
  await running.until(/kill +bites/)
  const open = await entry.run('heal', '--dry-run', '--name', NAME)
  expect(open.stdout).toMatch(/pod-kill +Active +by itself by .* \(in \d+ s\): the owner of the pods/)
  const halt = await entry.run('halt', '--name', NAME, '--reason', 'the pager went off')
  expect(halt.exitCode, halt.stderr).toBe(0)
  expect(halt.stdout).toMatch(/^halted {4}llm\nhealed {4}llm\/halted|^halted {4}llm\nhealed {4}llm\/safety/)
  const ended = await running.ended
  expect(ended.exitCode, ended.stderr).toBe(4)
  expect(await infoOf('halted')).toMatchObject({
    ending: 'halted',
    endingReason: expect.stringContaining('the pager went off'),
  })
  const refused = await entry.run(...args)
  expect(refused.exitCode).toBe(64)
  expect(refused.stderr).toContain('error[halted]')
  expect((await entry.run('halt', '--release', '--name', NAME)).stdout).toContain('released  llm')
  expect((await entry.run('plan', path, '--name', NAME)).exitCode).toBe(0)
})

test('maxDuration and stopOnUnexpectedAlert end a run, also a simulated one', async () => {
  const long = { ...drill, load: users('5m'), settle: '3m' }
  const capped = await write('capped.yaml', { ...long, safety: { maxDuration: '20s' } })
  const first = await entry.run('simulate', capped, '--runs', 'capped')
  expect(first.exitCode, first.stderr).toBeLessThan(3)
  expect(await infoOf('capped')).toMatchObject({
    ending: 'stopped',
    endingReason: 'the run took 20s (safety.maxDuration)',
  })
  const strict = { ...long, expect: {}, safety: { stopOnUnexpectedAlert: true } }
  const alarmed = await write('alarmed.yaml', strict)
  await entry.run('simulate', alarmed, '--runs', 'alarmed')
  expect(await infoOf('alarmed')).toMatchObject({
    ending: 'stopped',
    endingReason: expect.stringContaining('VLLMReplicaMissing'),
  })
  const calm = await write('calm.yaml', { ...strict, expect: drill.expect })
  await entry.run('simulate', calm, '--runs', 'calm')
  expect(await infoOf('calm')).toMatchObject({ ending: 'completed' })
})
