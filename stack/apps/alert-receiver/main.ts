import process from 'node:process'
import { startReceiver } from './receiver.ts'

const { HOST = '0.0.0.0', PORT = '9099' } = process.env

const receiver = await startReceiver({ host: HOST, port: Number(PORT) })
process.stdout.write(`alert-receiver listens on ${HOST}:${receiver.port}\n`)
for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.once(name, () => void receiver.close().then(() => process.exit(0)))
}
