import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env, kill } from 'node:process'
import { text } from 'node:stream/consumers'
import { afterAll, describe, expect, test } from 'vitest'
import { clusterEnv } from '../types.ts'
import { type Instance, startInstance } from './instance.ts'
import { CONTAINER_ENV, killLeftovers } from './leftovers.ts'
import { createLogFile, type LogFile } from './log-file.ts'
import { parseLogQuery } from './log-query.ts'
import { readLog } from './log-reader.ts'
import { createMemoryWatch } from './memory.ts'
import { residentBytes } from './proc.ts'

const folder = mkdtempSync(join(tmpdir(), 'firedrill-instance-'))
const clusterId = folder
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let runs = 0
const start = async (...argv: string[]): Promise<{ instance: Instance; log: LogFile }> => {
  runs += 1
  const marker = `pod/c/${runs}`
  const log = createLogFile(join(folder, `${runs}.log`), 1e6, Date.now)
  const variables = { PATH: env['PATH'] ?? '', ...clusterEnv(clusterId), [CONTAINER_ENV]: marker }
  const launch = { argv, env: variables, cwd: folder }
  return { instance: await startInstance({ launch, log, clusterId, marker, kill, now: Date.now }), log }
}
const output = (log: LogFile): Promise<string> =>
  text(readLog(log, parseLogQuery(new URLSearchParams(), 0), new AbortController().signal))
const firstLine = async (log: LogFile): Promise<string> => {
  await expect.poll(() => output(log), { interval: 10, timeout: 5_000 }).toContain('\n')
  return (await output(log)).trim()
}
/** Also false of what is dead and only not yet reaped by its new parent. */
const exists = (pid: number): boolean => residentBytes(pid) > 0

describe('the end of a process', () => {
  test('its code and all its output', async () => {
    const { instance, log } = await start('sh', '-c', 'echo out; echo err >&2; exit 3')
    expect(await instance.exit).toMatchObject({ exitCode: 3, outOfMemory: false })
    expect((await output(log)).split('\n').sort()).toEqual(['', 'err', 'out'])
  })

  test('128 and the signal', async () => {
    const { instance } = await start('sleep', '60')
    instance.stop(5_000)
    expect(await instance.exit).toMatchObject({ exitCode: 143 })
  })

  test('SIGKILL after the grace period, not before', async () => {
    const { instance, log } = await start('sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 0.05; done')
    await firstLine(log)
    const begun = performance.now()
    instance.stop(400)
    expect(await instance.exit).toMatchObject({ exitCode: 137 })
    expect(performance.now() - begun).toBeGreaterThan(380)
  })

  test('a second stop shortens the first, and never lengthens it', async () => {
    const { instance, log } = await start('sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 0.05; done')
    await firstLine(log)
    const begun = performance.now()
    instance.stop(60_000)
    instance.stop(200)
    instance.stop(60_000)
    expect(await instance.exit).toMatchObject({ exitCode: 137 })
    expect(performance.now() - begun).toBeLessThan(5_000)
  })

  test('nothing to run', async () => {
    await expect(start('/no/such/program')).rejects.toMatchObject({ reason: 'StartError' })
  })
})

describe('what a process leaves', () => {
  test.each([
    ['in its group', 'sleep 60 & echo $!'],
    ['in a session of its own', 'setsid sleep 60 & echo $!'],
  ])('%s is killed with it', async (_, script) => {
    const { instance, log } = await start('sh', '-c', `${script}; sleep 0.3`)
    const child = Number(await firstLine(log))
    expect(exists(child)).toBe(true)
    await instance.exit
    await expect.poll(() => exists(child)).toBe(false)
  })

  test('an agent that is started anew kills what runs of its cluster, and nothing else', async () => {
    const { instance, log } = await start('sh', '-c', 'setsid sleep 60 & echo $!; wait')
    const child = Number(await firstLine(log))
    expect(killLeftovers(kill, `${clusterId}-other`)).toBe(0)
    expect(exists(child)).toBe(true)
    expect(killLeftovers(kill, clusterId)).toBeGreaterThan(0)
    await instance.exit
    await expect.poll(() => exists(child)).toBe(false)
  })
})

test('a process tree over its memory limit is found, by a child in a session of its own as well', async () => {
  const watch = createMemoryWatch()
  const hog = 'const x = Buffer.alloc(150 * 2 ** 20, 1); setInterval(() => x, 1000)'
  const { instance } = await start('sh', '-c', `setsid node -e '${hog}'; true`)
  const idle = await start('sleep', '60')
  watch.watch(idle.instance.pid, 50 * 2 ** 20, () => idle.instance.killForMemory())
  const unwatch = watch.watch(instance.pid, 150 * 2 ** 20, () => instance.killForMemory())
  expect(await instance.exit).toMatchObject({ exitCode: 137, outOfMemory: true })
  unwatch()
  expect(exists(idle.instance.pid)).toBe(true)
  idle.instance.stop(0)
  expect(await idle.instance.exit).toMatchObject({ exitCode: 137, outOfMemory: false })
})
