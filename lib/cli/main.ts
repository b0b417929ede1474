import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import process from 'node:process'
import { processContext } from './context.ts'
import { describeError } from './errors.ts'
import { makeProgram } from './program.ts'

/** Field 22 of /proc/PID/stat: with the id, it names a process for good. Elsewhere the id has to do. */
const startTime = (): string => {
  try {
    return readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

const context = processContext(`${hostname()}/${process.pid}/${startTime()}`)
try {
  const exit: { code: number } = { code: 0 }
  await makeProgram(context, exit).parseAsync(context.argv, { from: 'user' })
  process.exitCode = exit.code
} catch (error) {
  const { text, exitCode } = describeError(error)
  context.err(text)
  process.exitCode = exitCode
}
// Keep-alive sockets and watches must not hold the terminal once the answer is printed.
process.exit()
