import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { calibrate } from '../lib/k6/calibration/calibrate.ts'
import { compare } from '../lib/k6/calibration/compare.ts'
import { measure } from '../lib/k6/calibration/measure.ts'
import { startServer } from '../lib/k6/calibration/server.ts'
import { type CalibrationTools, readCalibration } from '../lib/k6/calibration/store.ts'
import { toolPath } from '../lib/toolchain/tools.mjs'

const FIREDRILL = fileURLToPath(new URL('../bin/firedrill', import.meta.url))
const { signal } = new AbortController()

let dir = ''
let tools: CalibrationTools
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'calibrate-'))
  tools = { k6: toolPath('k6'), calibration: toolPath('calibration'), cacheDir: join(dir, 'cache'), node: '24' }
})
afterAll(() => rm(dir, { recursive: true }))

test('a calibration is measured, stored, and read from then on', async () => {
  expect(await readCalibration(tools)).toBeNull()
  const measured = await calibrate(tools, { streams: 20, seconds: 2, signal })
  expect(measured).toMatchObject({ starved: 0, tool: expect.stringMatching(/^k6-[0-9a-f]{16}$/) })
  // Seven a second, for what the users need to begin and two seconds more.
  expect(measured.requests).toBeGreaterThan(25)
  for (const error of Object.values(measured.errors)) {
    expect(error.p50).toBeLessThan(20)
    expect(error.p50).toBeLessThanOrEqual(error.p99)
    expect(error.p99).toBeLessThanOrEqual(error.max)
  }
  expect(measured.errors.ttftIntended.p50).toBeGreaterThanOrEqual(measured.errors.ttft.p50)
  expect(measured.cpuSecondsPerMillionEvents * measured.eventsPerCore).toBeCloseTo(1e6, 0)

  expect(await readCalibration(tools)).toEqual(measured)
  // Another client, or another version of the measure, has a calibration of its own.
  expect(await readCalibration({ ...tools, k6: '/tools/k6-0/k6' })).toBeNull()
  const [file = ''] = await readdir(tools.cacheDir)
  await writeFile(join(tools.cacheDir, file), '{"schema": 1')
  expect(await readCalibration(tools)).toBeNull()
})

test('the minimal reader is measured in the same way, in step too', async () => {
  const { log, rows, steady, server, memory } = await measure({
    tools,
    client: 'reader',
    emission: { firstMs: 50, intervalMs: 20, tokens: 20, phase: 'in-step' },
    load: { mode: 'closed', streams: 10 },
    steadySeconds: 2,
    signal,
  })
  const { starved, ttft, gap } = compare(log, rows)
  expect(starved).toBe(0)
  expect(ttft?.p50).toBeLessThan(10)
  expect(gap?.p50).toBeLessThan(10)
  expect(log.every(({ kernel }) => kernel)).toBe(true)
  // 10 users of 50 events a second while they are served, and 50 ms of 450 without.
  const perSecond = steady.events / ((steady.to - steady.from) / 1_000)
  expect(perSecond).toBeGreaterThan(350)
  expect(perSecond).toBeLessThan(500)
  expect(server).toMatchObject({ peakStreams: 10, peakConnections: 10, accepted: 10 })
  expect(memory.at(-1)?.peakMiB).toBeGreaterThan(1)
})

test('a client or a server that cannot start is said', async () => {
  const server = await startServer(
    tools.calibration,
    { firstMs: 1, intervalMs: 1, tokens: 1, phase: 'random' },
    { log: '', maxSeconds: 60, prefix: [] },
  )
  await server[Symbol.asyncDispose]()
  await expect(fetch(`${server.url}/health`)).rejects.toThrow('fetch failed')
  await expect(calibrate({ ...tools, k6: '/bin/false' }, { streams: 1, seconds: 1, signal })).rejects.toThrow(
    'exit code 1',
  )
  await expect(calibrate({ ...tools, calibration: '/bin/false' }, { streams: 1, seconds: 1, signal })).rejects.toThrow(
    'the calibration server ended',
  )
})

test('an interrupt ends both sides at once', async () => {
  const abort = new AbortController()
  const began = performance.now()
  setTimeout(() => abort.abort(new Error('interrupted')), 1_500)
  await expect(calibrate(tools, { streams: 5, seconds: 60, signal: abort.signal })).rejects.toThrow('interrupted')
  expect(performance.now() - began).toBeLessThan(5_000)
})

test('a script of the user’s own imports k6/x/llm', async () => {
  await using server = await startServer(
    tools.calibration,
    { firstMs: 1, intervalMs: 1, tokens: 5, phase: 'random' },
    { log: '', maxSeconds: 60, prefix: [] },
  )
  const script = join(dir, 'mine.ts')
  await writeFile(
    script,
    `import { Client } from 'k6/x/llm'
const client = new Client({ url: '${server.url}' })
export const options = { thresholds: { llm_ttft: ['p(95)<5000'] } }
export default () => {
  const { outcome, outputTokens } = client.chat({ model: 'tiny', messages: [{ role: 'user', content: 'hi' }] })
  console.log(\`found \${outcome} \${outputTokens}\`)
}
`,
  )
  const { all, exitCode } = await execa(FIREDRILL, ['k6', 'run', '--quiet', script], { all: true, reject: false })
  expect(all).toContain('found ok 5')
  expect(exitCode).toBe(0)
  const crossed = await execa(FIREDRILL, ['k6', 'run', '--quiet', '-e', 'A=1', join(dir, 'missing.ts')], {
    reject: false,
  })
  expect(crossed.exitCode).toBeGreaterThan(0)
})
