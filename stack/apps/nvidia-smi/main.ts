import process from 'node:process'
import { errorMessage } from '../../../lib/core/errors.ts'
import { nvidiaSmi } from './nvidia-smi.ts'

const url = process.env['FIREDRILL_GPU_URL']
const { exitCode, text } =
  url === undefined
    ? { exitCode: 9, text: 'NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver.' }
    : await nvidiaSmi(url, process.argv.slice(2)).catch((error: unknown) => ({
        exitCode: 9,
        text: errorMessage(error),
      }))
process.stdout.write(`${text}\n`)
process.exitCode = exitCode
