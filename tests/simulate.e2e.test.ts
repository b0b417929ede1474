import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type Entry, openEntry, type Outcome } from './support/entry.ts'

const SMOKE = join(import.meta.dirname, '../scenarios/smoke.ts')
const Campaign = z.object({
  simulated: z.literal(true),
  incidents: z.number(),
  outcomes: z.object({ pass: z.number(), fail: z.number(), unknown: z.number() }),
  lines: z.array(z.looseObject({ seed: z.number(), outcome: z.string() })),
  errors: z.array(z.unknown()),
})

let entry: Entry

beforeAll(async () => {
  entry = await openEntry('simulate')
})
afterAll(() => entry?.remove())

const campaignOf = ({ stdout }: Outcome) => Campaign.parse(JSON.parse(stdout))

test('a campaign has a line for each seed, the same whatever plays it, and no run folder', async () => {
  const together = await entry.run('simulate', SMOKE, '--seed', '5', '--seeds', '4', '--jobs', '2', '--json')
  expect(together.exitCode, together.stderr).toBe(0)
  expect(together.stderr).toMatch(/simulated \d+ s in [\d.]+ s: \d+ times real time/)
  const { lines, ...totals } = campaignOf(together)
  expect(lines.map(({ seed }) => seed)).toEqual([5, 6, 7, 8])
  expect(totals).toMatchObject({ incidents: 4, outcomes: { pass: 4 }, errors: [] })
  const last = await entry.run('simulate', SMOKE, '--seed', '8', '--seeds', '1', '--json')
  expect(campaignOf(last).lines).toEqual(lines.slice(3))
  expect(await readdir(entry.folder)).toEqual([])
})

test('for people it is a table of questions and of alerts', async () => {
  const { stdout, exitCode } = await entry.run('simulate', SMOKE, '--seeds', '2')
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/^QUESTION +PASS +FAIL +UNKNOWN/m)
  expect(stdout).toMatch(/^STEP +ALERT +DID +INCIDENTS/m)
  expect(stdout).toContain('2 simulated incidents: 2 pass, 0 fail, 0 unknown')
})

test('one seed alone leaves a run folder, which says that it is simulated', async () => {
  const { stdout, stderr, exitCode } = await entry.run('simulate', SMOKE, '--seed', '8', '--runs', 'one')
  expect(exitCode, stderr).toBe(0)
  expect(stdout).toMatch(/simulated/)
  expect(await readdir(join(entry.folder, 'one'))).toContain('latest')
})

test.each([
  [['--seeds', '0'], '--seeds'],
  [['--jobs', 'two'], '--jobs'],
])('%s is refused', async (args, named) => {
  const { stderr, exitCode } = await entry.run('simulate', SMOKE, ...args)
  expect(exitCode).toBe(64)
  expect(stderr).toContain(named)
})
