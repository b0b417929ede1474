import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Notification, RUN_FILES } from '../../core/run-folder.ts'
import { until } from '../../core/until.ts'
import type { Service } from '../connections.ts'
import { growingJsonl } from './jsonl.ts'
import { collectNotifications } from './notifications.ts'

let dir = ''
let kept: Notification[] = []
let broken = false
let asked: number[] = []

// The receiver's own protocol: JSON lines, `since` inclusive.
const server = createServer((request, response) => {
  const since = Number(new URL(request.url ?? '', 'http://receiver').searchParams.get('since'))
  asked.push(since)
  if (broken) return response.writeHead(503).end('starting')
  response.end(
    kept
      .filter(({ receivedAt }) => receivedAt >= since)
      .map((line) => `${JSON.stringify(line)}\n`)
      .join(''),
  )
})

const told = (receivedAt: number, fingerprint: string): Notification => ({
  receivedAt,
  status: 'firing',
  alerts: [{ status: 'firing', labels: {}, startsAt: receivedAt, endsAt: null, fingerprint }],
})

beforeEach(async () => {
  ;[kept, broken, asked] = [[], false, []]
  dir = await mkdtemp(join(tmpdir(), 'collect-'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(dir, { recursive: true })
})

const start = (problems: string[] = []) => {
  // Listening on TCP: the address is never a pipe's name.
  const { port } = server.address() as AddressInfo
  const receiver: Service = { endpoint: { url: `http://127.0.0.1:${port}`, headers: {} }, fetch: globalThis.fetch }
  const stop = new AbortController()
  const onProblem = (problem: string) => problems.push(problem)
  const options = {
    notifications: receiver,
    alertmanager: null,
    runDir: dir,
    from: 1_000,
    onProblem,
    signal: stop.signal,
  }
  const done = collectNotifications(options)
  return async () => {
    stop.abort()
    await done
    const lines = (await readFile(join(dir, RUN_FILES.notifications), 'utf8')).split('\n').filter((line) => line !== '')
    return lines.map((line): Notification => JSON.parse(line))
  }
}

const askedTimes = (count: number) =>
  until(async () => asked.length >= count, { what: 'questions', timeoutMs: 5_000, everyMs: 20 })

test('each notification once, those of one millisecond and of the last moment too', async () => {
  kept = [told(500, 'old'), told(2_000, 'a'), told(2_000, 'b')]
  const end = start()
  await askedTimes(1)
  await delay(50)
  kept.push(told(2_000, 'c'), told(3_000, 'd'))
  const lines = await end()
  expect(lines.map(({ alerts }) => alerts[0]?.fingerprint)).toEqual(['a', 'b', 'c', 'd'])
  expect(asked).toEqual([1_000, 2_000])
})

test('a receiver that is away is told once, and asked again', async () => {
  broken = true
  const problems: string[] = []
  const end = start(problems)
  await askedTimes(2)
  broken = false
  kept = [told(2_000, 'a')]
  expect(await end()).toEqual(kept)
  expect(problems).toEqual([expect.stringContaining('HTTP 503')])
})

test('a file that cannot be written is told once and throws into nobody', () => {
  const problems: string[] = []
  const file = growingJsonl(dir, (problem) => problems.push(problem))
  file.append({ a: 1 })
  file.append({ a: 2 })
  expect(problems).toEqual([expect.stringContaining('EISDIR')])
})
