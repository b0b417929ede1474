import { expect, test } from 'vitest'
import { RunInfo } from '../core/run-folder.ts'
import { newRunInfo } from './run-info.ts'

test('a run begins open, with its command line fit to be shown, and nothing else of what it was given', () => {
  const input = {
    scenario: 'quick',
    argv: ['run', 'quick.ts', '--url', 'http://me:secret@host', '--header', 'Authorization: Bearer x'],
    seed: 3,
    startedAt: 1_800_000_000_000,
    versions: { firedrill: '1.0.0' },
    git: { commit: 'abc', dirty: false },
    synthetic: ['engine' as const],
    simulated: true,
    scale: null,
    holder: 'not of the run',
  }
  const info = newRunInfo(input)
  expect(RunInfo.parse(info)).toEqual(info)
  expect(info).toMatchObject({
    id: 'quick-mywpiww0',
    argv: ['run', 'quick.ts', '--url', 'http://***@host', '--header', 'Authorization: ***'],
    startedAt: 1_800_000_000_000,
    endedAt: null,
    ending: 'open',
    simulated: true,
    git: { commit: 'abc' },
  })
})
