import { UserError } from '../../core/errors.ts'

/** A file that is no recording, or contradicts itself. */
export const notRecording = (name: string, found: string): UserError =>
  new UserError({
    code: 'not-a-recording',
    message: `expected a recording of a vLLM server in ${name}, found ${found.replace(/^✖/, 'these faults:\n✖')}`,
    hint: 'docs/engine.md describes the format; scripts/record-engine.ts writes it',
  })

/** A recording, but of what the engine model does not do: an error told of its replay would mean nothing. */
export const notModelled = (name: string, found: string, hint: string): UserError =>
  new UserError({
    code: 'recording-not-modelled',
    message: `expected a recording of what the engine model does in ${name}, found ${found}`,
    hint,
  })
