import process from 'node:process'
import { errorMessage } from '../../../lib/core/errors.ts'
import { dcgmi } from './dcgmi.ts'

// Beside the exporter, whose address it takes from the container's environment.
const { HOST = '127.0.0.1', PORT = '9400' } = process.env
const { exitCode, text } = await dcgmi(`http://${HOST}:${PORT}`, process.argv.slice(2)).catch((error: unknown) => ({
  exitCode: 1,
  text: `Error: ${errorMessage(error)}`,
}))
process.stdout.write(`${text}\n`)
process.exitCode = exitCode
