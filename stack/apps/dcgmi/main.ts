import process from 'node:process'
import { errorMessage } from '../../../lib/core/errors.ts'
import { dcgmi } from './dcgmi.ts'

const url = process.env['FIREDRILL_GPU_URL']
const { exitCode, text } =
  url === undefined
    ? { exitCode: 1, text: 'Error: unable to establish a connection to the specified host' }
    : await dcgmi(url, process.argv.slice(2)).catch((error: unknown) => ({
        exitCode: 1,
        text: `Error: ${errorMessage(error)}`,
      }))
process.stdout.write(`${text}\n`)
process.exitCode = exitCode
