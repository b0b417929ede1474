import { mkdtempSync, rmSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { z } from 'zod'
import { startCluster, stopCluster } from '../lib/cluster/cluster.ts'
import { KubeEvent, PodRecord, RUN_FILES } from '../lib/core/run-folder.ts'
import { until } from '../lib/core/until.ts'
import { apply } from '../lib/kube/apply.ts'
import { connect, type Kube } from '../lib/kube/client.ts'
import { watchKube } from '../lib/run/collect/kube.ts'
import { toolPath } from '../lib/toolchain/tools.mjs'

const AGENT = fileURLToPath(new URL('../lib/cluster/node/main.ts', import.meta.url))
const namespace = 'default'

const root = mkdtempSync(join(tmpdir(), 'firedrill-e2e-'))
const ref = { name: 'collect', stateRoot: join(root, 'state') }
const runDir = join(root, 'run')
const problems: string[] = []

const readLines = async <T>(file: string, schema: z.ZodType<T>): Promise<T[]> => {
  const text = await readFile(join(runDir, file), 'utf8')
  return text.split('\n').flatMap((line) => (line === '' ? [] : [schema.parse(JSON.parse(line))]))
}

const pod = (name: string, script: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace },
  spec: { containers: [{ name: 'main', image: 'sh', command: ['/bin/sh', '-c', script] }] },
})

const restarts = async (kube: Kube, name: string): Promise<number> =>
  (await kube.core.readNamespacedPod({ namespace, name })).status?.containerStatuses?.[0]?.restartCount ?? 0

beforeAll(async () => {
  const cluster = await startCluster({
    ...ref,
    tools: { kube: toolPath('kube') },
    agent: { command: [process.execPath, AGENT] },
    images: {},
    nodes: [{ name: 'node-0', labels: {}, capacity: { cpu: '4', memory: '8Gi', pods: '30' } }],
    signal: new AbortController().signal,
  })
  const kube = connect(cluster)
  const soon = (what: string, check: () => Promise<boolean>) => until(check, { what, timeoutMs: 40_000 })
  const phase = async (name: string) => (await kube.core.readNamespacedPod({ namespace, name })).status?.phase
  await apply(kube, pod('before', 'echo long before; sleep 1000'))
  await soon('the first pod', async () => (await phase('before')) === 'Running')

  const stop = new AbortController()
  const onProblem = (problem: string) => problems.push(problem)
  const watched = watchKube({ kube, namespace, runDir, from: Date.now(), onProblem, signal: stop.signal })
  await apply(kube, pod('crasher', 'echo attempt; sleep 0.5; echo out of memory >&2; exit 3'))
  await apply(kube, pod('victim', 'echo serving; sleep 1000'))
  await soon('the victim', async () => (await phase('victim')) === 'Running')
  await soon('two restarts', async () => (await restarts(kube, 'crasher')) > 1)
  await kube.core.deleteNamespacedPod({ namespace, name: 'victim', gracePeriodSeconds: 0 })
  const changes = async () => (await readLines(RUN_FILES.pods, PodRecord)).map(({ change }) => change)
  await soon('word of the deletion', async () => (await changes()).includes('deleted'))
  stop.abort()
  await watched
}, 120_000)

afterAll(async () => {
  await stopCluster(ref)
  rmSync(root, { recursive: true, force: true })
})

test('every state of a pod is recorded once: a crash with its exit code, a deletion', async () => {
  const records = await readLines(RUN_FILES.pods, PodRecord)
  const states = records.map(({ at: _at, change, ...state }) => JSON.stringify([change === 'deleted', state]))
  expect(states.filter((state, index) => index > 0 && state === states[index - 1])).toEqual([])
  const of = (name: string) => records.filter((record) => record.name === name)
  expect(of('crasher').some(({ exitCode, restarts: count }) => exitCode === 3 && count > 0)).toBe(true)
  expect(of('victim').some(({ ready }) => ready)).toBe(true)
  expect(of('victim').at(-1)).toMatchObject({ change: 'deleted', node: 'node-0' })
})

test('logs are there of every life of a container, and of a pod that is gone', async () => {
  const log = (name: string): Promise<string> => readFile(join(runDir, RUN_FILES.logs, `${name}.log`), 'utf8')
  expect((await readdir(join(runDir, RUN_FILES.logs))).sort()).toEqual(['before.log', 'crasher.log', 'victim.log'])
  expect(await log('victim')).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z serving\n$/)
  expect(await log('before')).toContain('long before')
  const attempts = (await log('crasher')).match(/ attempt\n/g) ?? []
  expect(attempts.length).toBeGreaterThanOrEqual(2)
  expect(await log('crasher')).toContain('out of memory')
})

test('events are those since the watch began', async () => {
  const events = await readLines(RUN_FILES.events, KubeEvent)
  expect(events.some(({ object, reason }) => object === 'Pod/crasher' && reason === 'BackOff')).toBe(true)
  expect(events.every(({ at }) => at > Date.now() - 120_000)).toBe(true)
})

test('nothing was missed', () => {
  expect(problems).toEqual([])
})
