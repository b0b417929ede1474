import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { EXIT, UserError } from '../core/errors.ts'
import { describeError } from './errors.ts'

const calm = new AbortController().signal
const interrupted = AbortSignal.abort(new Error('interrupted'))
const full = new UserError({ code: 'disk', message: 'expected a, found b', hint: 'do c', exitCode: EXIT.unknown })
const unhealed = new UserError({ code: 'left', message: 'expected d', hint: 'do e', exitCode: EXIT.unhealed })

test('what a user can mend is one error with what to do', () => {
  expect(describeError(full, calm)).toEqual({ text: 'error[disk]: expected a, found b\n  → do c\n', exitCode: 2 })
})

test('a fault that is left unhealed wins over what went wrong before it, and both are told', () => {
  const { text, exitCode } = describeError(new SuppressedError(unhealed, full), calm)
  expect(text).toMatch(/error\[disk\][^]*error\[left\]/)
  expect(exitCode).toBe(EXIT.unhealed)
  expect(describeError(new SuppressedError(new Error('x'), full), calm).exitCode).toBe(EXIT.unknown)
})

test('what ends because of Ctrl-C is an interruption, anything else is a bug', async () => {
  const waited = await delay(1, undefined, { signal: interrupted }).catch((error: unknown) => error)
  expect(describeError(waited, interrupted).exitCode).toBe(EXIT.interrupted)
  expect(describeError(interrupted.reason, interrupted).exitCode).toBe(EXIT.interrupted)
  expect(describeError(interrupted.reason, calm).exitCode).toBe(EXIT.bug)
  expect(describeError(new TypeError('x'), interrupted).exitCode).toBe(EXIT.bug)
})
