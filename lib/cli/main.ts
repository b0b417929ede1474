import process from 'node:process'
import { processHolder } from '../kube/lease.ts'
import { processContext } from './context.ts'
import { describeError } from './errors.ts'
import { makeProgram } from './program.ts'

const context = processContext(await processHolder(process.pid))
try {
  const exit: { code: number } = { code: 0 }
  await makeProgram(context, exit).parseAsync(context.argv, { from: 'user' })
  process.exitCode = exit.code
} catch (error) {
  const { text, exitCode } = describeError(error, context.signal)
  context.err(text)
  process.exitCode = exitCode
}
// Keep-alive sockets and watches must not hold the terminal once the answer is printed.
process.exit()
