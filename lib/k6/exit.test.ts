import { expect, test } from 'vitest'
import { outcomeOfExit } from './exit.ts'

const exit = { exitCode: 0, cause: undefined, asked: false, last: [] }

test('a load that played out is completed, also when it crossed a threshold', () => {
  expect(outcomeOfExit(exit).outcome).toBe('completed')
  expect(outcomeOfExit({ ...exit, exitCode: 99 }).outcome).toBe('completed')
})

test('an asked stop is no failure, however k6 took it', () => {
  for (const exitCode of [0, 105, 107, undefined])
    expect(outcomeOfExit({ ...exit, asked: true, exitCode })).toEqual({ outcome: 'stopped', message: '' })
})

test('every other end is a failure that says why, with the last lines', () => {
  expect(outcomeOfExit({ ...exit, exitCode: 107, last: ['ReferenceError: x'] })).toEqual({
    outcome: 'failed',
    message: 'the script threw an error (exit code 107)\nReferenceError: x',
  })
  expect(outcomeOfExit({ ...exit, exitCode: 105 }).message).toContain('somebody else stopped it')
  expect(outcomeOfExit({ ...exit, exitCode: 42 }).message).toContain('42')
  expect(outcomeOfExit({ ...exit, exitCode: undefined, cause: new Error('spawn k6 ENOENT') }).message).toContain(
    'ENOENT',
  )
})
