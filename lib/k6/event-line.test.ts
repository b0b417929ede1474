import { expect, test } from 'vitest'
import { parseEvent } from './event-line.ts'
import { formatEvent, type ScriptEvent } from './script-event.ts'

const COUNT = { at: 1, scheduled: null, due: 7, claimed: 6, lagP99: 0.25 }

test('what the script says is what the runner hears', () => {
  const events: ScriptEvent[] = [
    { event: 'load-started', at: 1_795_320_457_902 },
    { event: 'step-created', at: 1, step: 'hog', fault: 'quick-hog-mi9xa2b4' },
    { event: 'step-refused', at: 1, step: 'hog', message: 'forbidden: "x"\nline two' },
    { event: 'step-over', at: 1, step: 'hog', fault: 'quick-hog-mi9xa2b4', phase: 'Recovered' },
    { event: 'timeline-finished', at: 1, refused: ['hog'] },
    { event: 'progress', at: 1, users: 1_000, started: 5, finished: 3, failed: 0, schedule: null },
    { event: 'progress', at: 1, users: 9, started: 5, finished: 3, failed: 0, schedule: COUNT },
    { event: 'schedule-over', ...COUNT },
    { event: 'prompts', at: 1, exact: true, note: 'token ids' },
    { event: 'error', at: 1, message: 'no space left on device' },
  ]
  for (const event of events) {
    expect(formatEvent(event)).not.toContain('\n')
    expect(parseEvent(formatEvent(event))).toEqual(event)
  }
})

test("k6's own lines, and events that are none, are no events", () => {
  for (const line of [
    '',
    'Request Failed',
    'firedrill is a word',
    'firedrill {"event":',
    'firedrill {"event":"step-over","at":1}',
    'firedrill {"event":"other","at":1}',
  ])
    expect(parseEvent(line), line).toBeNull()
})
