import { spawn, type ChildProcess } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

// The node agent, started again whenever it is killed: `node agent-again.ts <config.json>`. A cluster ends with its agent
// otherwise. Its own SIGTERM ends both.

const AGENT = fileURLToPath(new URL('../../lib/cluster/node/main.ts', import.meta.url))

let stopping = false
let child: ChildProcess | undefined
const start = (): void => {
  child = spawn(process.execPath, [AGENT, ...process.argv.slice(2)], { stdio: 'inherit' })
  child.on('exit', (code, signal) => {
    if (signal === 'SIGKILL' && !stopping) start()
    else process.exit(code ?? 1)
  })
}
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(name, () => {
    stopping = true
    child?.kill(name)
  })
}
start()
