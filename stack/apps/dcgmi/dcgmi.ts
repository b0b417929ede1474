import { parseArgs } from 'node:util'
import { z } from 'zod'
import { injectField, readField } from '../gpu-emulator/client.ts'

export interface Answer {
  exitCode: number
  text: string
}

/** What of dcgmi the faults use, on the emulated device: `test --inject --gpuid 0 -f FIELD -v VALUE --offset SECONDS`, and `dmon -i 0 -e FIELD -c 1`. */
export const dcgmi = async (url: string, [command, ...args]: readonly string[]): Promise<Answer> => {
  if (command === 'test') {
    const { values } = parseArgs({ args, options: TEST })
    const { gpuid, field, value, offset } = Injection.parse(values)
    if (gpuid !== 0)
      return { exitCode: 1, text: `Error: Unable to inject info. Return: Bad parameter passed to function` }
    await injectField(url, field, value, offset)
    return { exitCode: 0, text: 'Successfully injected field info.' }
  }
  if (command === 'dmon') {
    const { values } = parseArgs({ args, options: DMON })
    const value = await readField(url, Number(values.field))
    return { exitCode: 0, text: `#Entity   FIELD\nID\nGPU 0     ${value ?? 'N/A'}` }
  }
  return { exitCode: 1, text: 'the emulated dcgmi knows test --inject and dmon' }
}

// --- Internal helpers ---

const TEST = {
  inject: { type: 'boolean' },
  gpuid: { type: 'string' },
  field: { type: 'string', short: 'f' },
  value: { type: 'string', short: 'v' },
  offset: { type: 'string' },
} as const

const DMON = {
  'gpu-id': { type: 'string', short: 'i' },
  field: { type: 'string', short: 'e' },
  count: { type: 'string', short: 'c' },
} as const

const Injection = z.object({
  inject: z.literal(true),
  gpuid: z.coerce.number().int(),
  field: z.coerce.number().int(),
  value: z.coerce.number(),
  offset: z.coerce.number().nonnegative().default(1),
})
