import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { commandLine, procFile } from './proc.ts'

test('a process is told by its words, and one that is gone by none', async () => {
  const child = spawn('sleep', ['1000'])
  const { pid = 0 } = child
  await expect.poll(() => commandLine(pid)).toEqual(['sleep', '1000', ''])
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(commandLine(pid)).toEqual([''])
  expect(procFile(pid, 'status')).toBe('')
})
