import { readFileSync } from 'node:fs'
import process from 'node:process'
import type { SupervisorPlan } from './plan.ts'
import type { SupervisorMessage } from './protocol.ts'
import { supervise } from './supervise.ts'

// The parent of all processes of one cluster: `node main.ts <plan.json>`, detached, with an IPC channel to whoever
// starts the cluster. Without that channel before the cluster is ready, nobody waits for it any more, and it ends.

const stop = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop.abort())

let ready = false
process.once('disconnect', () => {
  if (!ready) stop.abort()
})

const send = (message: SupervisorMessage): void => {
  if (message.type === 'ready') ready = true
  // The callback takes the error of a channel that closes meanwhile.
  if (process.connected) process.send?.(message, undefined, {}, () => undefined)
}

// Written a moment ago by this version's `prepareCluster`, from this very type.
const plan: SupervisorPlan = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
const log = (message: string): void => void process.stderr.write(`${new Date().toISOString()} ${message}\n`)
const failure = await supervise({ plan, pid: process.pid, env: process.env, signal: stop.signal, send, log })
process.exit(failure === null ? 0 : 1)
