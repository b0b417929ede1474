import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { commandLine } from '../../tests/support/proc.ts'
import { UserError } from '../core/errors.ts'
import {
  type ClusterRef,
  findCluster,
  findClusterFailure,
  startCluster,
  type StartOptions,
  stopCluster,
} from './cluster.ts'
import { clusterProcesses, signalProcess } from './reap.ts'

// A dozen processes a test, on machines that do other things too.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

const PART = fileURLToPath(new URL('fixtures/part.mjs', import.meta.url))
const ORDER = ['agent', 'controllers', 'apiserver', 'etcd']

interface PartOptions {
  fail?: { part: string; message: string }
  mute?: boolean
}

let folder: string
let ref: ClusterRef
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firedrill-cluster-'))
  ref = { name: 'one', stateRoot: join(folder, 'state') }
})
afterEach(async () => {
  for (const name of existsSync(ref.stateRoot) ? readdirSync(ref.stateRoot) : [])
    await stopCluster({ name, stateRoot: ref.stateRoot }).catch(() => undefined)
  rmSync(folder, { recursive: true, force: true })
})

test('a started cluster is found, private to the user, and stopped in order without a trace', async () => {
  const info = await startCluster(options())
  expect(findCluster(ref)).toEqual(info)
  expect(info.podNetwork).toMatch(/^127\.\d+$/)
  expect(info.nodes[0]?.address).toBe(`${info.podNetwork}.255.1`)
  expect(processesOf(ref)).toHaveLength(6)
  expect(statSync(info.stateDir).mode & 0o777).toBe(0o700)
  for (const file of readdirSync(join(info.stateDir, 'pki'))) expect(modeOf(info.stateDir, 'pki', file)).toBe(0o600)
  for (const file of ['kubeconfig', 'agent.json']) expect(modeOf(info.stateDir, file)).toBe(0o600)

  await untilStarted(...ORDER)
  expect(await stopCluster(ref)).toBe(true)
  expect(journal().filter((line) => line.startsWith('stop'))).toEqual(ORDER.map((part) => `stop ${part}`))
  expectNothingLeft(ref)
  expect(findCluster(ref)).toBeNull()
  expect(await stopCluster(ref)).toBe(false)
})

test('a second start of a running cluster is refused and leaves it alone', async () => {
  const info = await startCluster(options())
  await expect(startCluster(options())).rejects.toMatchObject({ code: 'cluster-running' })
  expect(findCluster(ref)).toEqual(info)
})

test('two starts at once: one wins, the other says so', async () => {
  const results = await Promise.allSettled([startCluster(options()), startCluster(options())])
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  const lost = results.find((result) => result.status === 'rejected')
  expect(lost?.reason).toMatchObject({ code: 'cluster-busy' })
})

test('clusters of two names, and of two roots, run side by side on networks of their own', async () => {
  const other = { name: 'one', stateRoot: join(folder, 'elsewhere') }
  const infos = await Promise.all([
    startCluster(options()),
    startCluster(options({ name: 'two' })),
    startCluster(options(other)),
  ])
  expect(new Set(infos.map(({ podNetwork }) => podNetwork)).size).toBe(3)
  expect(await stopCluster({ ...ref, name: 'two' })).toBe(true)
  expect(findCluster(ref)).toEqual(infos[0])
  expect(await stopCluster(other)).toBe(true)
})

test.each([0, 60, 150, 300, 500])('an interrupt %i ms after the start leaves nothing', async (after) => {
  const interrupt = new AbortController()
  const reason = new Error('interrupted')
  const started = startCluster(options({ signal: interrupt.signal }))
  const outcome = started.then(
    () => 'started',
    (error: unknown) => error,
  )
  setTimeout(() => interrupt.abort(reason), after)
  // On a fast machine the cluster may be there before the interrupt is: then it stays, and is stopped as any other.
  if ((await outcome) === 'started') await stopCluster(ref)
  else expect(await outcome).toBe(reason)
  expectNothingLeft(ref)
})

test('an interrupt while the nodes are awaited ends the wait', async () => {
  const interrupt = new AbortController()
  const reason = new Error('interrupted')
  const started = startCluster(options({ signal: interrupt.signal }, { mute: true }))
  const outcome = expect(started).rejects.toBe(reason)
  await untilStarted('agent')
  interrupt.abort(reason)
  await outcome
  expect(journal()).toContain('stop agent')
  expectNothingLeft(ref)
})

test.each(['supervisor', 'everything'])('a start after kill -9 of %s ends the old cluster', async (what) => {
  const old = await startCluster(options())
  const before = processesOf(ref)
  for (const pid of what === 'everything' ? before : [old.supervisorPid]) signalProcess(pid, 'SIGKILL')
  await delay(50)
  expect(findCluster(ref)).toBeNull()
  writeFileSync(join(old.stateDir, 'pods', 'left'), '')

  const info = await startCluster(options())
  expect(info.supervisorPid).not.toBe(old.supervisorPid)
  expect(processesOf(ref).filter((pid) => before.includes(pid))).toEqual([])
  expect(processesOf(ref)).toHaveLength(6)
  expect(existsSync(join(old.stateDir, 'pods', 'left'))).toBe(false)
})

test('a stop after kill -9 of the supervisor leaves nothing', async () => {
  const { supervisorPid } = await startCluster(options())
  signalProcess(supervisorPid, 'SIGKILL')
  expect(await stopCluster(ref)).toBe(true)
  expectNothingLeft(ref)
})

test('a part that dies takes the cluster down, and the reason is kept', async () => {
  const { stateDir } = await startCluster(options())
  signalProcess(processOf('controllers'), 'SIGKILL')
  await expect.poll(() => processesOf(ref), { timeout: 15_000 }).toEqual([])
  expect(findCluster(ref)).toBeNull()
  expect(findClusterFailure(ref)).toMatchObject({ part: 'controllers', reason: 'killed by SIGKILL' })
  expect(existsSync(join(stateDir, 'logs', 'controllers.log'))).toBe(true)
  await startCluster(options())
  expect(findClusterFailure(ref)).toBeNull()
})

test('an agent that is killed is started again, as often as it was ready; one that ends by itself is not', async () => {
  const { logs } = await startCluster(options())
  for (const times of [2, 3]) {
    signalProcess(processOf('agent'), 'SIGKILL')
    await expect
      .poll(() => readFileSync(join(logs, 'agent.log'), 'utf8'), { timeout: 10_000 })
      .toBe('ready\n'.repeat(times))
  }
  expect(readFileSync(join(logs, 'supervisor.log'), 'utf8')).toMatch(
    /agent was killed by SIGKILL, and is started again/,
  )
  expect(findCluster(ref)).not.toBeNull()
  // It exits with code 0 then, as if it had been told that the cluster is over.
  signalProcess(processOf('agent'), 'SIGTERM')
  await expect.poll(() => processesOf(ref), { timeout: 15_000 }).toEqual([])
  expect(findClusterFailure(ref)).toMatchObject({ part: 'agent', reason: 'exited with code 0' })
})

test('an agent that is killed before its nodes were ready is not started for ever', async () => {
  const started = startCluster(options({}, { mute: true }))
  const failed = expect(started).rejects.toThrow('agent killed by SIGKILL')
  await untilStarted('agent')
  signalProcess(processOf('agent'), 'SIGKILL')
  await failed
  expect(journal().filter((line) => line === 'start agent')).toHaveLength(1)
  expectNothingLeft(ref)
})

test('an agent that is killed time and again takes the cluster down, and the reason is kept', async () => {
  const { agent, ...others } = options()
  const { logs } = await startCluster({ ...others, agent: { ...agent, deaths: 2 } })
  signalProcess(processOf('agent'), 'SIGKILL')
  await expect.poll(() => readFileSync(join(logs, 'agent.log'), 'utf8'), { timeout: 10_000 }).toBe('ready\n'.repeat(2))
  signalProcess(processOf('agent'), 'SIGKILL')
  await expect.poll(() => processesOf(ref), { timeout: 15_000 }).toEqual([])
  expect(findClusterFailure(ref)).toMatchObject({
    part: 'agent',
    reason: 'killed by SIGKILL, 2 times within 60 s',
  })
})

test.each(['etcd', 'controllers', 'agent'])('a start where %s fails shows its last words', async (part) => {
  const error = await startCluster(options({}, { fail: { part, message: 'the disk is made of cheese' } })).catch(
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(UserError)
  expect(error).toMatchObject({ code: 'cluster-start-failed' })
  expect(String(error)).toContain(`${part} exited with code 1`)
  expect(String(error)).toContain('the disk is made of cheese')
  expectNothingLeft(ref)
})

test('a fixed port that is taken is one clear error; a free one is used', async () => {
  const server = await listen()
  const address = server.address()
  const apiPort = typeof address === 'object' ? address?.port : undefined
  await expect(startCluster(options({ apiPort }))).rejects.toMatchObject({ code: 'api-port-taken' })
  expectNothingLeft(ref)
  await new Promise((resolve) => server.close(resolve))
  expect((await startCluster(options({ apiPort }))).apiServer).toBe(`https://127.0.0.1:${apiPort}`)
})

test('a chosen port that somebody takes first is tried again with another, but not for ever', async () => {
  const fail = { part: 'apiserver', message: 'listen tcp 127.0.0.1:1: bind: address already in use' }
  await expect(startCluster(options({}, { fail }))).rejects.toMatchObject({ code: 'cluster-start-failed' })
  expect(journal().filter((line) => line === 'start apiserver')).toHaveLength(3)
})

test('a supervisor whose starter is killed ends by itself', async () => {
  const script = join(folder, 'start.ts')
  // Its nodes never become ready: a starter that is slow to die would leave a cluster that is.
  const { signal: _, ...plain } = options({}, { mute: true })
  writeFileSync(
    script,
    `import { startCluster } from ${JSON.stringify(fileURLToPath(new URL('cluster.ts', import.meta.url)))}
     await startCluster({ ...${JSON.stringify(plain)}, signal: new AbortController().signal, onProgress: ({ step }) => { if (step === 'controllers') process.kill(process.pid, 'SIGKILL') } })`,
  )
  const starter = spawn(process.execPath, [script], { stdio: 'inherit' })
  await new Promise((resolve) => starter.once('exit', resolve))
  expect(starter.signalCode).toBe('SIGKILL')
  await expect.poll(() => processesOf(ref), { timeout: 15_000 }).toEqual([])
  // It has answered by then, and was asked to end; etcd's program may still have been starting, and ends without a word.
  expect(journal()).toContain('stop apiserver')
})

test('a folder that is not a cluster is never removed', async () => {
  const precious = join(ref.stateRoot, ref.name, 'thesis.txt')
  mkdirSync(join(ref.stateRoot, ref.name), { recursive: true })
  writeFileSync(precious, 'years of work')
  await expect(startCluster(options())).rejects.toMatchObject({ code: 'state-dir-foreign' })
  await expect(stopCluster(ref)).rejects.toMatchObject({ code: 'state-dir-foreign' })
  expect(readFileSync(precious, 'utf8')).toBe('years of work')
  rmSync(join(ref.stateRoot, ref.name), { recursive: true })
})

// --- Internal helpers ---

const options = (more: Partial<StartOptions> = {}, parts: PartOptions = {}): StartOptions => {
  const behaviour = JSON.stringify({ journal: join(folder, 'journal'), ...parts })
  const kube = join(folder, 'kube')
  writeFileSync(kube, `#!/bin/sh\nexec '${process.execPath}' '${PART}' '${behaviour}' "$@"\n`, { mode: 0o700 })
  return {
    ...ref,
    tools: { kube },
    agent: { command: [process.execPath, PART, behaviour, 'agent'] },
    images: {},
    nodes: [{ name: 'node-1', labels: {}, capacity: { cpu: '4', memory: '8Gi', pods: '30' } }],
    signal: new AbortController().signal,
    ...more,
  }
}

/** Of a part that runs. Its arguments hold its name as a word of its own. */
const processOf = (part: string): number => {
  const isPart = (pid: number): boolean => commandLine(pid).includes(part)
  return processesOf(ref).find(isPart) ?? expect.fail(`no ${part} runs`)
}

const processesOf = ({ name, stateRoot }: ClusterRef): number[] => clusterProcesses(join(stateRoot, name))

const journal = (): string[] => {
  const file = join(folder, 'journal')
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
}

/** A part that was not up yet would end without a word. */
const untilStarted = (...parts: string[]): Promise<void> =>
  expect.poll(journal, { timeout: 5_000 }).toEqual(expect.arrayContaining(parts.map((part) => `start ${part}`)))

const modeOf = (...path: string[]): number => statSync(join(...path)).mode & 0o777

const expectNothingLeft = (cluster: ClusterRef): void => {
  expect(processesOf(cluster)).toEqual([])
  expect(existsSync(join(cluster.stateRoot, cluster.name))).toBe(false)
  expect(execFileSync('cat', ['/proc/net/unix'], { encoding: 'utf8' })).not.toContain(cluster.stateRoot)
}

const listen = (): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
