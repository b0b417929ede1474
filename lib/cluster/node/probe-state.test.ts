import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { initialProbeState, observe, type ProbeKind, type ProbeResult } from './probe-state.ts'

const results = (kind: ProbeKind, answers: string, thresholds: { success: number; failure: number }) => {
  let state = initialProbeState(kind)
  return [...answers].map((answer) => {
    state = observe(state, answer === '+' ? 'success' : 'failure', thresholds)
    return state.result === null ? '?' : state.result === 'success' ? '+' : '-'
  })
}

test.each([
  ['readiness', '--+-+++--', { success: 1, failure: 3 }, '--+++++++'],
  ['readiness', '+++---+++', { success: 2, failure: 3 }, '-++++--++'],
  ['liveness', '--+---', { success: 1, failure: 3 }, '+++++-'],
  ['startup', '--+', { success: 1, failure: 3 }, '??+'],
  ['startup', '---', { success: 1, failure: 3 }, '??-'],
] as const)('%s %s with %o gives %s', (kind, answers, thresholds, expected) => {
  expect(results(kind, answers, thresholds).join('')).toBe(expected)
})

test('the result changes only at the end of a run of equal answers as long as the threshold', () => {
  const answers = fc.array(fc.constantFrom<ProbeResult>('success', 'failure'))
  const threshold = fc.integer({ min: 1, max: 5 })
  fc.assert(
    fc.property(answers, threshold, threshold, (list, success, failure) => {
      let state = initialProbeState('readiness')
      for (const [index, answer] of list.entries()) {
        const before = state.result
        state = observe(state, answer, { success, failure })
        if (state.result === before) continue
        const needed = answer === 'success' ? success : failure
        expect(state.result).toBe(answer)
        expect(list.slice(Math.max(0, index + 1 - needed), index + 1)).toEqual(Array(needed).fill(answer))
      }
    }),
  )
})
