import { parseArgs } from 'node:util'
import { limitPower, readDevice } from '../gpu-emulator/client.ts'

export interface Answer {
  exitCode: number
  text: string
}

/**
 * What of nvidia-smi the faults use, on the emulated device: `--query-gpu=uuid,power.limit --format=csv,noheader,nounits`, and
 * `-pl WATTS`; either with `-i UUID`.
 */
export const nvidiaSmi = async (url: string, args: readonly string[]): Promise<Answer> => {
  // Node knows short options of one letter only.
  const { values } = parseArgs({
    args: args.map((arg) => (arg === '-pl' ? '--power-limit' : arg)),
    options: {
      id: { type: 'string', short: 'i' },
      'query-gpu': { type: 'string' },
      format: { type: 'string' },
      'power-limit': { type: 'string' },
    },
  })
  const device = await readDevice(url)
  const { id, format, 'query-gpu': query, 'power-limit': wanted } = values
  if (id !== undefined && id !== device.uuid && id !== '0') return { exitCode: 6, text: 'No devices were found' }
  if (wanted !== undefined) {
    const [from, to] = [device.limitWatts, Number(wanted)].map(watts)
    if (await limitPower(url, Number(wanted))) {
      return { exitCode: 0, text: `Power limit for GPU ${BUS} was set to ${to} W from ${from} W.\nAll done.` }
    }
    const range = `between ${watts(device.minWatts)} W and ${watts(device.maxWatts)} W`
    return { exitCode: 2, text: `Provided power limit ${to} W is not a valid power limit which should be ${range}` }
  }
  if (query === undefined || format !== 'csv,noheader,nounits') {
    return {
      exitCode: 2,
      text: 'the emulated nvidia-smi knows --query-gpu with --format=csv,noheader,nounits, and -pl',
    }
  }
  const known: Record<string, string> = {
    index: '0',
    uuid: device.uuid,
    'power.limit': watts(device.limitWatts),
    'power.min_limit': watts(device.minWatts),
    'power.max_limit': watts(device.maxWatts),
    'power.default_limit': watts(device.maxWatts),
  }
  const columns = query.split(',')
  const unknown = columns.find((name) => known[name] === undefined)
  if (unknown !== undefined) return { exitCode: 2, text: `Field "${unknown}" is not a valid field to query.` }
  return { exitCode: 0, text: columns.map((name) => known[name]).join(', ') }
}

// --- Internal helpers ---

const BUS = '00000000:3B:00.0'

const watts = (value: number): string => value.toFixed(2)
