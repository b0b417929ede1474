import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { judge, type JudgedError } from '../vllm/recording/bounds.ts'
import type { Recording } from '../vllm/recording/recording.ts'
import { NO_ERRORS } from '../vllm/recording/testing/no-errors.ts'
import { replayNotes } from './engine-replay-notes.ts'
import { readRecording } from './read-recording.ts'

const recording = await readRecording(
  fileURLToPath(new URL('../vllm/fixtures/vllm-0.32.0/climb.json', import.meta.url)),
)
const busier: Recording = {
  ...recording,
  scrapes: recording.scrapes.map((one) => ({ ...one, running: one.running * 10 })),
}
const judged = (of: Recording, running: number): JudgedError[] => judge(of, { ...NO_ERRORS, running })
const notes = (of: Recording, running: number, known: readonly Recording[] = []): string =>
  replayNotes({ recording: of, known, errors: judged(of, running), unjudged: [], times: 1, holds: null })

test('a bound that is ours is said to be', () => {
  expect(notes(recording, 0)).toContain(
    '\nprefix cache hit tokens: the recording has none, a case that no bound was named for; ± 1 is ours\n',
  )
  expect(notes(recording, 0)).not.toMatch(/preemptions: the recording has none/)
})

test('an error that only the wider bound holds is explained', () => {
  expect(notes(busier, 2)).toMatch(/\nMISS by BOUND and ok by SCALED: the load is higher/)
  expect(notes(busier, 9)).not.toMatch(/MISS by BOUND and ok by SCALED/)
  expect(notes(recording, 2)).not.toMatch(/MISS by BOUND and ok by SCALED/)
})

test('what is wrong with a recording that was fitted to is told by its name', () => {
  const other = { ...recording, name: 'other', warnings: ['a warm cache'] }
  expect(notes(recording, 0, [other])).toContain('\nother: warning: a warm cache\n')
})
