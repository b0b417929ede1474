import { mkdtempDisposable, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Event } from '../core/event.ts'
import { openJournal } from './journal.ts'

test('each entry is on disk, in order, before anybody is told of it', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'journal-'))
  const path = join(folder.path, 'journal.jsonl')
  let time = 1_000
  const told: string[] = []
  {
    using journal = openJournal({
      path,
      clock: { now: () => time, mono: () => time },
      onEvent: ({ what }) => told.push(what),
      onBroken: (error) => expect.fail(String(error)),
    })
    journal.write({ actor: 'run', phase: 'invoke', what: 'load' })
    expect(await readFile(path, 'utf8')).toContain('"what":"load"')
    time += 250
    journal.write({ actor: 'k6', phase: 'ok', what: 'load', value: { users: 3 } })
  }
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
  expect(lines.map((line) => Event.parse(JSON.parse(line)))).toEqual([
    { seq: 0, mono: 0, wall: 1_000, actor: 'run', phase: 'invoke', what: 'load' },
    { seq: 1, mono: 250, wall: 1_250, actor: 'k6', phase: 'ok', what: 'load', value: { users: 3 } },
  ])
  expect(told).toEqual(['load', 'load'])
})

test('a full disk is told once and never thrown: what was begun must still be healed', () => {
  const broken: unknown[] = []
  using journal = openJournal({
    path: '/dev/full',
    clock: { now: () => 0, mono: () => 0 },
    onBroken: (error) => broken.push(error),
  })
  journal.write({ actor: 'run', phase: 'invoke', what: 'load' })
  journal.write({ actor: 'run', phase: 'ok', what: 'load' })
  expect(broken).toHaveLength(1)
  expect(String(broken[0])).toContain('ENOSPC')
})
