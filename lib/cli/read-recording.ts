import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { errorMessage, UserError } from '../core/errors.ts'
import { parseRecording } from '../vllm/recording/format.ts'
import type { Recording } from '../vllm/recording/recording.ts'

export const readRecording = async (path: string): Promise<Recording> => {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UserError({
      code: 'recording-unreadable',
      message: `expected a recording at ${path}, found: ${errorMessage(error)}`,
      hint: 'name a file that scripts/record-engine.ts wrote',
      cause: error,
    })
  })
  return parseRecording(text, basename(path, '.json'))
}
