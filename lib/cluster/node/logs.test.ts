import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import * as fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { createLogFile, type LogFile } from './log-file.ts'
import { type LogQuery, parseLogQuery } from './log-query.ts'
import { readLog } from './log-reader.ts'

const folder = mkdtempSync(join(tmpdir(), 'firedrill-logs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
const newLog = (maxBytes = 1e9, now: () => number = Date.now): LogFile => {
  files += 1
  return createLogFile(join(folder, `${files}.log`), maxBytes, now)
}
const query = (params = ''): LogQuery => parseLogQuery(new URLSearchParams(params), Date.now())
const never = new AbortController().signal
const read = (log: LogFile, params = ''): Promise<string> => text(readLog(log, query(params), never))

const line = fc.string({ maxLength: 40 }).map((chars) => chars.replaceAll('\n', ''))

test('what was written comes out, however it was cut into pieces', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(line),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
      async (lines, cuts) => {
        const bytes = Buffer.from(lines.map((one) => `${one}\n`).join(''))
        const log = newLog()
        for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
          const size = cuts[cut % cuts.length] ?? 1
          log.write('stdout', bytes.subarray(at, at + size))
          at += size
        }
        log.end()
        expect(await read(log)).toBe(bytes.toString())
      },
    ),
  )
})

test('tailLines are the last lines, whether or not the file was turned over', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 30 }),
      fc.nat({ max: 12 }),
      fc.boolean(),
      async (lines, tail, turns) => {
        const log = newLog(turns ? 1_500 : 1e9)
        for (const one of lines) log.write('stdout', Buffer.from(`${one}\n`))
        log.end()
        const all = (await read(log)).split('\n').slice(0, -1)
        // Turned over once or more, the oldest lines are gone.
        expect(lines.slice(lines.length - all.length)).toEqual(all)
        const expected = all.slice(Math.max(0, all.length - tail))
        expect(await read(log, `tailLines=${tail}`)).toBe(expected.map((one) => `${one}\n`).join(''))
      },
    ),
  )
})

test('a line longer than the limit is kept whole', async () => {
  const long = 'x'.repeat(50_000)
  const log = newLog()
  for (const part of [long.slice(0, 20_000), long.slice(20_000), '\nshort\nrest'])
    log.write('stdout', Buffer.from(part))
  log.end()
  expect(await read(log)).toBe(`${long}\nshort\nrest\n`)
})

describe('a query', () => {
  let time = Date.parse('2026-01-01T00:00:00Z')
  const log = newLog(1e9, () => time)
  log.write('stdout', Buffer.from('old\n'))
  time += 60_000
  log.write('stderr', Buffer.from('new\n'))
  log.end()

  test.each([
    ['', 'old\nnew\n'],
    ['timestamps=true', '2026-01-01T00:00:00.000Z old\n2026-01-01T00:01:00.000Z new\n'],
    ['sinceTime=2026-01-01T00:00:30Z', 'new\n'],
    ['stream=Stdout', 'old\n'],
    ['limitBytes=6', 'old\nne'],
    ['tailLines=0', ''],
  ])('%s', async (params, expected) => {
    expect(await read(log, params)).toBe(expected)
  })

  test('sinceSeconds counts back from now', async () => {
    const since = parseLogQuery(new URLSearchParams('sinceSeconds=10'), time + 5_000)
    expect(await text(readLog(log, since, never))).toBe('new\n')
  })
})

test('following tells of each line as it is written, over a turn-over, until the end', async () => {
  const log = newLog(1_000)
  log.write('stdout', Buffer.from('0\n'))
  const seen: string[] = []
  const reading = (async () => {
    for await (const part of readLog(log, query('follow=true'), never)) seen.push(part)
  })()
  for (let count = 1; count < 100; count += 1) {
    log.write('stdout', Buffer.from(`${count}\n`))
    await expect.poll(() => seen.join('').endsWith(`${count}\n`), { interval: 1 }).toBe(true)
  }
  log.end()
  await reading
  expect(seen.join('')).toBe(Array.from({ length: 100 }, (_, count) => `${count}\n`).join(''))
})

test('following ends when the client goes', async () => {
  const log = newLog()
  const leave = new AbortController()
  const reading = text(readLog(log, query('follow=true'), leave.signal))
  leave.abort()
  expect(await reading).toBe('')
  log.end()
})
