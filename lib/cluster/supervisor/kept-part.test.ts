import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Clock } from '../../core/clock.ts'
import { keepPart, timesReady } from './kept-part.ts'
import { type Part, startPart } from './part.ts'

let logs: string
beforeEach(() => {
  logs = mkdtempSync(join(tmpdir(), 'firedrill-kept-'))
})
afterEach(() => rmSync(logs, { recursive: true, force: true }))

test('a part that dies as soon as it is ready is started again after growing pauses, and then no more', async () => {
  const [told, slept]: [number[], number[]] = [[], []]
  const { now, sleep } = clockOf()
  const clock: Clock = { now, sleep: (ms) => (slept.push(ms), sleep(ms)) }
  const part = keepPart({ deaths: 5, start: running(ABORTS), onAgain: (_, pauseMs) => told.push(pauseMs), clock })
  expect(await part.exited).toBe('killed by SIGABRT, 5 times within 60 s')
  expect(slept).toEqual([0, 250, 500, 1_000])
  expect(told).toEqual(slept)
  expect(readFileSync(part.logFile, 'utf8')).toBe('ready\n'.repeat(5))
})

test('one that lives for a while each time is started again at once, as often as it takes', async () => {
  const ends = new AbortController()
  const how: [string, number][] = []
  const clock = clockOf(() => 15_000)
  const onAgain = (why: string, pauseMs: number): void => {
    how.push([why, pauseMs])
    if (how.length === 15) ends.abort()
  }
  const lives = (): Part => running(ends.signal.aborted ? STOPS : ABORTS)()
  expect(await keepPart({ deaths: 5, start: lives, onAgain, clock }).exited).toBe('exited with code 3')
  expect(how).toEqual(Array.from({ length: 15 }, () => ['killed by SIGABRT', 0]))
})

test('one that cannot be started again has ended, and says why', async () => {
  const clock: Clock = { ...clockOf(), sleep: async () => rmSync(logs, { recursive: true }) }
  const { exited } = keepPart({ deaths: 5, start: running(ABORTS), onAgain: () => undefined, clock })
  expect(await exited).toMatch(/^killed by SIGABRT, and could not be started again: ENOENT.*agent\.log/)
})

test('one that is stopped in a pause is not started any more', async () => {
  const sleep: Clock['sleep'] = (_, signal) =>
    new Promise((resolve) => {
      signal?.addEventListener('abort', () => resolve())
      void part.stop(1_000)
    })
  const clock: Clock = { now: Date.now, sleep }
  const part: Part = keepPart({ deaths: 5, start: running(ABORTS), onAgain: () => undefined, clock })
  expect(await part.exited).toBe('killed by SIGABRT')
  expect(timesReady(part.logFile)).toBe(1)
})

// --- Internal helpers ---

/** As V8 does at the limit of its heap. */
const ABORTS = 'echo ready; kill -ABRT $$'
const STOPS = 'echo ready; exit 3'

const running = (script: string) => (): Part =>
  startPart({
    spec: { name: 'agent', command: ['sh', '-c', `ulimit -c 0; ${script}`], env: {} },
    env: {},
    cwd: '/',
    logs,
  })

/** Nobody waits; each look at the time is so much later. */
const clockOf = (stepMs = () => 1): Clock => {
  let now = 0
  return { now: () => (now += stepMs()), sleep: async (ms) => void (now += ms) }
}
