import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { CLUSTER_ENV } from './contract.ts'
import { clusterProcesses, reap } from './reap.ts'

const started: ChildProcess[] = []
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

test('ends every process of the cluster and none of another', async () => {
  const id = `/tmp/${crypto.randomUUID()}`
  const ours = [await run(id, 'sleep 1000'), await run(id, 'sleep 1000')]
  // One id is the beginning of the other, and one variable has the other's name in it.
  const theirs = [await run(`${id}2`, 'sleep 1000'), await run(id, 'sleep 1000', `NOT_${CLUSTER_ENV}`)]
  expect(clusterProcesses(id).sort()).toEqual(ours.map(({ pid }) => pid).sort())
  expect(await reap(id)).toBe(2)
  expect(ours.map(({ signalCode }) => signalCode)).toEqual(['SIGTERM', 'SIGTERM'])
  expect(theirs.map(({ signalCode, exitCode }) => signalCode ?? exitCode)).toEqual([null, null])
  expect(await reap(id)).toBe(0)
})

test('SIGKILL for what ignores SIGTERM, and for its children', async () => {
  const id = `/tmp/${crypto.randomUUID()}`
  const stubborn = await run(id, 'trap "" TERM; while :; do sleep 0.05; done')
  expect(await reap(id, 200)).toBeGreaterThanOrEqual(1)
  if (stubborn.signalCode === null) await once(stubborn, 'exit')
  expect(stubborn.signalCode).toBe('SIGKILL')
  expect(clusterProcesses(id)).toEqual([])
})

// --- Internal helpers ---

const run = async (id: string, script: string, variable = CLUSTER_ENV): Promise<ChildProcess> => {
  const env = { PATH: process.env.PATH, [variable]: id }
  const child = spawn('/bin/sh', ['-c', `echo up; ${script.startsWith('sleep') ? 'exec ' : ''}${script}`], { env })
  started.push(child)
  await once(child.stdout, 'data')
  return child
}
