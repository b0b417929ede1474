import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { assert, constantFrom, jsonValue, property } from 'fast-check'
import { expect, test } from 'vitest'
import type { Event } from '../core/event.ts'
import { describeEvent, stepOf } from './describe-event.ts'

const event = (actor: string, phase: Event['phase'], what: string, value?: unknown): Event => ({
  seq: 0,
  mono: 0,
  wall: 0,
  actor,
  phase,
  what,
  ...(value === undefined ? {} : { value }),
})

const steps = new Map([['quick-template-x1', 'template']])
const textOf = (...args: Parameters<typeof event>): string | null => {
  const line = describeEvent(event(...args), steps)
  return line === null ? null : `${line.who}: ${line.text}`
}

test.each<[Parameters<typeof event>, string | null]>([
  [['fault/quick-template-x1', 'ok', 'inject', { injected: 'now' }], 'template: injected'],
  [
    ['fault/quick-template-x1', 'ok', 'verify', { bit: true, reason: '19 evaluations', facts: { increase: 19 } }],
    'template: bites: 19 evaluations',
  ],
  [['fault/other', 'ok', 'heal', null], 'other: healed'],
  [
    ['fault/other', 'ok', 'heal', 'ended during the injection'],
    'other: healed after a failure: ended during the injection',
  ],
  [['fault/other', 'ok', 'recover', { ready: 3, wanted: 3 }], 'other: recovered: 3 of 3 serving pods are ready'],
  [['k6', 'info', 'load-started', { at: 1 }], 'load: users begin'],
  [['k6', 'info', 'condition-true', { at: 1, step: 'bust', value: 0.9 }], 'load: the condition of bust is true: 0.9'],
  [
    ['k6', 'info', 'step-not-started', { at: 1, step: 'bust', reason: 'its condition was not true' }],
    'load: bust was not started: its condition was not true in time',
  ],
  [['run', 'info', 'ending', { ending: 'stopped', endingReason: 'too slow' }], 'run: stopped: too slow'],
  [['run', 'fail', 'heal', { healed: [], unhealed: [{ name: 'llm/x', reason: 'y' }] }], 'run: NOT healed: llm/x'],
  [['controller', 'ok', 'lease', 'host/1/2'], null],
  [['run', 'ok', 'heal', { healed: [], unhealed: [] }], null],
])('%j', (args, text) => {
  expect(textOf(...args)).toBe(text)
})

test('what is not known is shown as it is, and never in full length', () => {
  expect(textOf('run', 'info', 'novelty', { a: 1 })).toBe('run: novelty {"a":1}')
  expect(textOf('run', 'invoke', 'novelty')).toBe(null)
  expect(textOf('run', 'info', 'novelty', 'x'.repeat(999))?.length).toBeLessThan(180)
})

test('whatever a value is, there is one line and no throw', () => {
  const known = readFileSync(join(import.meta.dirname, 'describe-event.ts'), 'utf8').matchAll(/^ {2}'(\w+)\/([\w-]+)/gm)
  const kinds = [...known].map(
    ([, actor, what]) => [actor === 'fault' ? 'fault/f' : (actor ?? ''), what ?? ''] as const,
  )
  expect(kinds.length).toBeGreaterThan(20)
  const phases = constantFrom<Event['phase']>('invoke', 'ok', 'fail', 'info')
  assert(
    property(constantFrom(...kinds), phases, jsonValue(), ([actor, what], phase, value) => {
      expect(textOf(actor, phase, what, value) ?? '').not.toContain('\n')
    }),
  )
})

test('a step is known by its Fault from the moment that it was created', () => {
  const created = event('k6', 'info', 'step-created', { at: 1, step: 'kill', fault: 'quick-kill-x1' })
  expect(stepOf(created)).toMatchObject({ step: 'kill', fault: 'quick-kill-x1' })
  expect(stepOf(event('k6', 'info', 'load-started', { at: 1 }))).toBe(null)
})
