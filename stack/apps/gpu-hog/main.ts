import { createServer } from 'node:http'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { errorMessage } from '../../../lib/core/errors.ts'
import { startHog } from './hog.ts'

/** A co-tenant on the GPU: holds up to --mib MiB for --seconds seconds, then ends with exit code 0. */
const Options = z.object({
  mib: z.coerce.number().int().positive(),
  seconds: z.coerce.number().positive(),
  port: z.coerce.number().int().optional(),
})
const Env = z.object({
  FIREDRILL_GPU_URL: z.url({ error: 'expected the GPU emulator’s URL: set NVIDIA_VISIBLE_DEVICES on the container' }),
  FIREDRILL_POD: z.string().default('default/gpu-hog'),
  FIREDRILL_POD_UID: z.string().default(''),
  POD_IP: z.string().default('0.0.0.0'),
})

const say = (text: string): void => void process.stdout.write(`${new Date().toISOString()} ${text}\n`)

// Whoever read the log may be gone: that is no reason to stop.
process.stdout.on('error', () => undefined)
const { values } = parseArgs({
  options: { mib: { type: 'string' }, seconds: { type: 'string' }, port: { type: 'string' } },
})
const options = Options.safeParse(values)
const env = Env.safeParse(process.env)
if (!options.success || !env.success) {
  const problem = [options.error, env.error].map((error) => (error === undefined ? '' : z.prettifyError(error)))
  process.stderr.write(`gpu-hog: ${problem.join('\n').trim()}\nusage: gpu-hog --mib N --seconds S [--port P]\n`)
  process.exit(64)
}

const { mib, seconds, port } = options.data
const stop = new AbortController()
const hog = startHog({
  url: env.data.FIREDRILL_GPU_URL,
  holder: { pod: env.data.FIREDRILL_POD, uid: env.data.FIREDRILL_POD_UID },
  mib,
  signal: stop.signal,
  onProgress: (held, free) => say(`holds ${held} of ${mib} MiB, ${free} MiB free`),
  onError: (error) => say(`cannot allocate: ${errorMessage(error)}`),
})
say(`wants ${mib} MiB for ${seconds} s`)
setTimeout(() => stop.abort(), seconds * 1_000).unref()
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort())

if (port !== undefined) {
  createServer((request, response) => {
    if (request.url === '/held') response.end(JSON.stringify({ heldMiB: hog.heldMiB(), wantedMiB: mib }))
    else response.writeHead(request.url !== '/ready' ? 404 : hog.tried() ? 200 : 503).end()
  }).listen(port, env.data.POD_IP)
}

await hog.done
say('freed')
process.exit(0)
