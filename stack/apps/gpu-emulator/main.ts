import { createHash } from 'node:crypto'
import process from 'node:process'
import { z } from 'zod'
import { createLedger } from './ledger.ts'
import { createGpuServer } from './server.ts'

/** Defaults: an H100 80GB, whose driver keeps about half a GiB of its 81,559 MiB. */
const Env = z.object({
  HOST: z.string().optional(),
  HOST_IP: z.string().optional(),
  PORT: z.coerce.number().int().default(9400),
  NODE_NAME: z.string().default('node'),
  GPU_MODEL: z.string().default('NVIDIA H100 80GB HBM3'),
  GPU_MEMORY_MIB: z.coerce.number().int().positive().default(81_559),
  GPU_RESERVED_MIB: z.coerce.number().int().nonnegative().default(551),
  GPU_IDLE_WATTS: z.coerce.number().default(72),
  GPU_MAX_WATTS: z.coerce.number().default(700),
  GPU_MIN_WATTS: z.coerce.number().default(200),
})

const parsed = Env.safeParse(process.env)
if (!parsed.success) {
  process.stderr.write(`gpu-emulator: environment not usable: ${z.prettifyError(parsed.error)}\n`)
  process.exit(64)
}
const env = parsed.data
const host = env.HOST ?? env.HOST_IP ?? '127.0.0.1'
const digest = createHash('sha256').update(env.NODE_NAME).digest('hex')
const device = {
  uuid: `GPU-${digest.slice(0, 8)}-${digest.slice(8, 12)}-${digest.slice(12, 16)}-${digest.slice(16, 20)}-${digest.slice(20, 32)}`,
  model: env.GPU_MODEL,
  hostname: env.NODE_NAME,
  reservedMiB: env.GPU_RESERVED_MIB,
  idleWatts: env.GPU_IDLE_WATTS,
  maxWatts: env.GPU_MAX_WATTS,
  minWatts: env.GPU_MIN_WATTS,
}
const log = (event: string, fields: Record<string, unknown>): void =>
  void process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), event, ...fields })}\n`)

// Whoever read the log may be gone: that is no reason to stop.
process.stdout.on('error', () => undefined)
const server = createGpuServer(createLedger(env.GPU_MEMORY_MIB - env.GPU_RESERVED_MIB), device, () => Date.now(), log)
server.listen(env.PORT, host, () => log('listening', { host, port: env.PORT, node: env.NODE_NAME }))
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => process.exit(0))
