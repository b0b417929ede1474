import { parseArgs } from 'node:util'
import { z } from 'zod'
import { injectField } from '../gpu-emulator/client.ts'

export interface Answer {
  exitCode: number
  text: string
}

/**
 * What of dcgmi the faults use, on the emulated device: `test --inject --gpuid 0 -f FIELD -v VALUE --offset SECONDS`. There is one host
 * engine, whatever `--host` says.
 */
export const dcgmi = async (url: string, [command, ...args]: readonly string[]): Promise<Answer> => {
  if (command !== 'test') return { exitCode: 1, text: 'the emulated dcgmi knows test --inject' }
  const { gpuid, field, value, offset } = Injection.parse(parseArgs({ args, options: TEST }).values)
  if (gpuid !== 0)
    return { exitCode: 1, text: 'Error: Unable to inject info. Return: Bad parameter passed to function' }
  await injectField(url, field, value, offset)
  return { exitCode: 0, text: 'Successfully injected field info.' }
}

// --- Internal helpers ---

const TEST = {
  host: { type: 'string' },
  inject: { type: 'boolean' },
  gpuid: { type: 'string' },
  field: { type: 'string', short: 'f' },
  value: { type: 'string', short: 'v' },
  offset: { type: 'string' },
} as const

const Injection = z.object({
  inject: z.literal(true),
  gpuid: z.coerce.number().int(),
  field: z.coerce.number().int(),
  value: z.coerce.number(),
  offset: z.coerce.number().nonnegative().default(1),
})
