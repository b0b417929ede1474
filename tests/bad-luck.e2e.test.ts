import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { existsSync } from 'node:fs'
import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { kill } from 'node:process'
import { execa } from 'execa'
import { stringify } from 'yaml'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { FaultResource } from '../lib/core/fault-resource.ts'
import { RUN_FILES } from '../lib/core/run-folder.ts'
import { Verdict } from '../lib/core/verdict.ts'
import { type Entry, openEntry, type Outcome, processesOf } from './support/entry.ts'

const NAME = 'bad-luck-test'

let entry: Entry
let scenario: string
/** What `up` printed: the cluster as anybody else would name it. */
let named: string[]

const flip = { when: { kind: 'at', time: '2s' }, fault: 'feature-flag', lasting: '90s' }
const drill = {
  name: 'bad-luck',
  summary: 'A flag is flipped for as long as it takes to be unlucky',
  load: {
    users: {
      stages: [
        { to: 20, over: '1s' },
        { to: 20, over: '110s' },
      ],
    },
    workload: 'chat',
  },
  baseline: '2s',
  timeline: { flip: { ...flip, params: { flag: 'prompt-template', variant: 'v2' } } },
  expect: { flip: { alerts: ['cache'] } },
  settle: '1s',
}

const write = (name: string, value: unknown): Promise<string> => entry.file(name, stringify(value))
const run = (path: string, ...args: string[]): Promise<Outcome> =>
  entry.run('run', path, '--name', NAME, '--keep', ...args)
const startRun = (...args: string[]) => entry.start('run', scenario, '--name', NAME, '--keep', ...args)
const without = (...flags: string[]): string[] =>
  named.filter((word, index) => !flags.includes(word) && !flags.includes(named[index - 1] ?? ''))

/** One error, in the form expected, found, what to do; no stack of a bug. */
const expectRefusal = ({ exitCode, stderr }: Outcome, code: string, words: RegExp, exit = 64): void => {
  expect(stderr.split('\n').filter((line) => line.startsWith('error'))).toHaveLength(1)
  expect(stderr).toContain(`error[${code}]: expected `)
  expect(stderr).toMatch(words)
  expect(stderr).toMatch(/\n {2}→ \S/)
  expect(exitCode).toBe(exit)
}

const faults = async (): Promise<FaultResource[]> => {
  const { exitCode, stdout } = await entry.kubectl('get', 'faults', '-A', '-o', 'json')
  // Before the first run the cluster has no such kind.
  return exitCode === 0 ? JSON.parse(stdout).items : []
}

const openFaults = async (): Promise<string[]> =>
  (await faults()).flatMap(({ metadata, status }) =>
    ['Recovered', 'Failed', 'Healed'].includes(status?.phase ?? '') ? [] : [metadata.name],
  )

const flagsNow = async (): Promise<string> =>
  (await entry.kubectl('get', 'configmap', '-n', 'llm', 'feature-flags', '-o', 'jsonpath={.data.flags\\.json}')).stdout

const expectHealed = async (): Promise<void> => {
  expect(await openFaults()).toEqual([])
  expect(JSON.parse(await flagsNow()).flags['prompt-template'].targeting).toBeUndefined()
}

beforeAll(async () => {
  entry = await openEntry(NAME)
  scenario = await write('drill.yaml', drill)
})

afterAll(async () => {
  expect((await entry.run('down', '--name', NAME)).exitCode).toBe(0)
  expect(await processesOf(entry.folder)).toEqual([])
  expect(existsSync(join(entry.stateRoot, NAME))).toBe(false)
  await entry.remove()
})

test('what can be found wrong before a cluster starts is found before', async () => {
  const keys = { ...drill, colour: 'red', load: { ...drill.load, workload: 'chatt' }, timeline: { a: { ...flip, lastin: 3, fault: 'pod-kil' } } } // prettier-ignore
  const wrongFlag = { ...drill, timeline: { flip: { ...flip, params: { flag: 'nope', variant: 'v2' } } } }
  const cases: [Promise<Outcome>, string, RegExp][] = [
    [run(await write('keys.yaml', keys)), 'scenario-invalid', /"colour"[^]*"lastin"[^]*"pod-kil"[^]*"chatt"/],
    [run(await write('flag.yaml', wrongFlag)), 'fault-impossible', /prompt-template.*found "nope"\n.*timeline\.flip/],
    [
      run(await write('alert.yaml', { ...drill, expect: { flip: { alerts: ['VLLMQueueBaklog'] } } })),
      'alert-unknown',
      /VLLMQueueBacklog[^]*found "VLLMQueueBaklog" at expect\.flip/,
    ],
    [
      run(scenario, '--rules', await write('r.yaml', { groups: [{ name: 'x', rules: [{ alert: 'A', expr: 'up ==== 1' }] }] })), // prettier-ignore
      'rules-refused',
      /could not parse expression/,
    ],
    [run(scenario, '--symptoms', await write('s.yaml', { A: 'nonsense' })), 'symptoms-invalid', /"cache"[^]*at A/],
    [run(scenario, '--runs', scenario), 'run-folder-unwritable', /EEXIST|ENOTDIR/],
    [run(scenario, '--namespace', 'llm'), 'target-incomplete', /no --selector, --url, --prometheus/],
    [entry.run('heal', '--name', NAME), 'cluster-not-running', /found none/],
    [entry.run('plan', scenario, '--name', NAME), 'cluster-not-running', /found none/],
    [entry.kubectl('get', 'pods'), 'cluster-not-running', /found none/],
    [entry.run('score', 'nowhere'), 'not-a-run', /run\.json/],
  ]
  for (const [outcome, code, words] of cases) expectRefusal(await outcome, code, words)
  expect((await run(scenario, '--seed', 'abc')).exitCode).toBe(64)
  expect(existsSync(entry.stateRoot)).toBe(false)
  expect(existsSync(join(entry.folder, 'runs'))).toBe(true)
})

/** A listener, or null where somebody else is in the way. */
const listen = async (port: number, host: string): Promise<Server | null> => {
  const server = createServer().listen(port, host)
  return once(server, 'listening').then(
    () => server,
    () => null,
  )
}

test('a taken port of the API server is named, and nothing is started', async () => {
  const server = await listen(0, '127.0.0.1')
  const port = Object(server?.address()).port
  const outcome = await entry.run('up', '--name', NAME, '--api-port', String(port))
  server?.close()
  expectRefusal(outcome, 'api-port-taken', new RegExp(`port ${port} `))
  expect(await processesOf(entry.folder)).toEqual([])
})

test("a taken port of the stack's pods is named, and nothing is started", async ({ skip }) => {
  const server = await listen(9400, '0.0.0.0')
  if (server === null) return skip('another cluster is on this machine')
  const outcome = await entry.run('up', '--name', NAME)
  server.close()
  expectRefusal(outcome, 'stack-port-taken', /found 9400 taken/)
  expect(await processesOf(entry.folder)).toEqual([])
})

test('Ctrl-C while the cluster comes up leaves nothing', async () => {
  const up = entry.start('up', '--name', NAME)
  await up.until('starting controllers')
  kill(-up.pid, 'SIGINT')
  const { exitCode, stderr } = await up.ended
  expect(stderr).toMatch(/interrupted; nothing was left behind$/)
  expect(exitCode).toBe(130)
  expect(await processesOf(entry.folder)).toEqual([])
  expect(existsSync(join(entry.stateRoot, NAME))).toBe(false)
})

test('a target that may not or cannot be drilled is refused', async () => {
  const up = await entry.run('up', '--name', NAME)
  expect(up.stderr).toContain('is ready')
  named = up.stdout.split(/[\s\\]+/).filter((word) => word !== '')
  const plan = (...args: string[]): Promise<Outcome> => entry.run('plan', scenario, ...args)
  expect((await plan(...named)).exitCode).toBe(0)
  const cases: [Promise<Outcome>, string, RegExp, number?][] = [
    [plan(...without('--namespace'), '--namespace', 'kube-system'), 'namespace-not-allowed', /found kube-system/],
    [plan(...without('--namespace'), '--namespace', 'nowhere'), 'namespace-not-found', /nowhere/],
    [plan(...without('--selector'), '--selector', 'app=none'), 'no-serving-pods', /app=none in namespace llm/],
    [
      plan(...without('--prometheus'), '--prometheus', 'http://127.0.0.1:1'),
      'prometheus-unreachable',
      /127\.0\.0\.1:1/,
      2,
    ],
    [plan(...without('--url'), '--url', 'http://127.0.0.1:2'), 'endpoint-unreachable', /ECONNREFUSED/],
    [run(scenario, ...named, '--rules', scenario), 'flag-for-embedded', /--rules/],
  ]
  for (const [outcome, code, words, exit] of cases) expectRefusal(await outcome, code, words, exit)

  await entry.kubectl('label', 'namespace', 'llm', 'firedrill.dev/allow-')
  const hint = /kubectl label namespace llm firedrill\.dev\/allow=true/
  expectRefusal(await run(scenario, ...named), 'namespace-not-allowed', hint)
  expectRefusal(await run(scenario), 'namespace-not-allowed', hint)
  await entry.kubectl('label', 'namespace', 'llm', 'firedrill.dev/allow=true')
  await expectHealed()
})

test('a second run is refused before it touches anything; Ctrl-C heals the first', async () => {
  const first = startRun()
  await first.until(/flip +injected/)
  const rules = await write('other.yaml', { groups: [{ name: 'x', rules: [{ alert: 'Other', expr: 'vector(1)' }] }] })
  const before = await entry.kubectl('get', 'configmap', '-n', 'monitoring', 'firedrill-rules', '-o', 'yaml')
  const any = { ...drill, expect: {} }
  const second = await Promise.all([
    run(await write('any.yaml', any), '--rules', rules, '--runs', 'second'),
    run(scenario, ...named, '--runs', 'second'),
    entry.run('up', '--name', NAME),
  ])
  for (const outcome of second) expectRefusal(outcome, 'controller-running', /found [^ ]+\/\d+\/\d+ /)
  expect(existsSync(join(entry.folder, 'second/bad-luck'))).toBe(false)
  expect(await entry.kubectl('get', 'configmap', '-n', 'monitoring', 'firedrill-rules', '-o', 'yaml')).toEqual(before)
  expect(await openFaults()).toHaveLength(1)

  // As npm does it: what the terminal sent to the whole group comes once more.
  kill(-first.pid, 'SIGINT')
  kill(first.pid, 'SIGINT')
  const { exitCode, stderr } = await first.ended
  expect(stderr).toContain('interrupted; every fault is healed')
  expect(exitCode).toBe(130)
  await expectHealed()
})

test('after a kill -9, heal lists and heals from another folder, and k6 is gone', async () => {
  const first = startRun()
  await first.until(/flip +injected/)
  kill(first.pid, 'SIGKILL')
  await first.ended
  const dryRun = await entry.run('heal', '--name', NAME, '--dry-run')
  expect(dryRun.stdout).toMatch(/llm\/bad-luck-flip-\w+ +feature-flag +Active/)
  expectRefusal(await run(scenario), 'faults-open', /bad-luck-flip-\w+ \(Active\)[^]*firedrill heal/)
  const elsewhere = join(entry.folder, 'elsewhere')
  await mkdir(elsewhere)
  const start = performance.now()
  const heal = await execa(join(import.meta.dirname, '../bin/firedrill'), ['heal', '--name', NAME], {
    cwd: elsewhere,
    env: { XDG_STATE_HOME: join(entry.folder, 'state') },
  })
  expect(heal.stdout).toMatch(/healed +llm\/bad-luck-flip/)
  expect(performance.now() - start).toBeLessThan(15_000)
  await expectHealed()
  const { stdout } = await execa('ps', ['-u', String(process.getuid?.() ?? 0), '-o', 'args'])
  expect(stdout.split('\n').filter((line) => line.includes(`${entry.folder}/runs`))).toEqual([])
})

test('a second Ctrl-C does not wait, and says how to heal', async () => {
  // So slow to stop that the second one comes in time: a stopped k6 answers to nothing but the force after ten seconds.
  const first = startRun()
  await first.until(/flip +injected/)
  const { stdout } = await execa('pgrep', ['-P', String(first.pid), '-x', 'k6'])
  const k6 = Number(stdout)
  kill(k6, 'SIGSTOP')
  kill(first.pid, 'SIGINT')
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  kill(first.pid, 'SIGINT')
  const { exitCode, stderr } = await first.ended
  expect(stderr).toContain(`finish it with: firedrill heal --name ${NAME}`)
  expect(exitCode).toBe(130)
  kill(k6, 'SIGKILL')
  expect((await entry.run('heal', '--name', NAME)).exitCode).toBe(0)
  await expectHealed()
})

test('a Prometheus that dies in the middle leaves a verdict of unknown, and nothing broken', async () => {
  // Time enough for kubectl on a busy machine: Prometheus has to be gone before the run is over.
  const short = { ...drill, timeline: { flip: { ...drill.timeline.flip, lasting: '8s' } } }
  const first = entry.start('run', await write('short.yaml', short), '--name', NAME, '--keep')
  await first.until(/flip +injected/)
  await entry.kubectl('scale', '-n', 'monitoring', 'deployment/prometheus', '--replicas=0')
  const { exitCode, stderr } = await first.ended
  expect(stderr).toMatch(/prometheus +does not answer/)
  expect(exitCode).toBe(2)
  const dir = await realpath(join(entry.folder, 'runs/latest'))
  const verdict = Verdict.parse(JSON.parse(await readFile(join(dir, RUN_FILES.verdict), 'utf8')))
  expect(verdict.outcome).toBe('unknown')
  expect(verdict.reasons.join('\n')).toContain('prometheus/alerts.jsonl is missing')
  for (const file of [RUN_FILES.report, RUN_FILES.faults, RUN_FILES.requests, RUN_FILES.summary, RUN_FILES.pods])
    expect((await readFile(join(dir, file))).length, file).toBeGreaterThan(0)
  await expectHealed()
  await writeFile(join(dir, RUN_FILES.run), '{')
  expect((await entry.run('score', dir)).exitCode).toBe(2)
  expect((await entry.run('report', dir)).exitCode).toBe(0)
  expect((await entry.run('up', '--name', NAME)).exitCode).toBe(0)
})

// Only root may mount, and in a user namespace the cluster's processes could not be told from others.
const canMount = (await execa('unshare', ['-m', 'true'], { reject: false })).exitCode === 0

test.skipIf(!canMount)('a disk that fills up in the middle is one error, and heals', async () => {
  const small = join(entry.folder, 'small')
  await mkdir(small)
  const script = `mount -t tmpfs -o size=4m tmpfs '${small}' && exec "$0" "$@"`
  const args = ['run', scenario, '--name', NAME, '--keep', '--runs', small]
  const full = entry.startUnder(['unshare', '-m', 'sh', '-c', script], ...args)
  await full.until(/flip +injected/)
  // In the run's own mount namespace.
  await execa('dd', ['if=/dev/zero', `of=/proc/${full.pid}/root${small}/fill`, 'bs=64k'], { reject: false })
  const outcome = await full.ended
  expect(outcome.stderr).toMatch(
    /\nerror\[run-folder-(full|unwritable)\]: expected to write to the run folder .*ENOSPC/,
  )
  expect(outcome.exitCode).toBe(2)
  expect(outcome.stderr).toMatch(/flip +healed/)
  await expectHealed()
})
