import process from 'node:process'
import { z } from 'zod'
import { openConnection } from '../../../lib/kube/connection.ts'
import { GatewayEnv } from './config.ts'
import { startGateway } from './gateway.ts'
import { jsonLog } from './log.ts'

/** Shorter than the pod's termination grace period. */
const DRAIN_MS = 8_000

const log = jsonLog((line) => void process.stdout.write(line))

const env = GatewayEnv.safeParse(process.env)
if (env.success) {
  const gateway = await startGateway(env.data, openConnection(), log)
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      log('info', 'draining', { signal: name })
      void gateway.close(DRAIN_MS).then(() => process.exit(0))
    })
  }
} else {
  log('error', `settings are not usable: ${z.prettifyError(env.error)}`)
  process.exitCode = 64
}
