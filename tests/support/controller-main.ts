/**
 * A controller as a process of its own, which tells its events on stdout and kills itself at one of them, or sends itself another
 * signal: `main.ts KUBECONFIG NAMESPACE "inject invoke" [SIGSTOP]`.
 */
import process from 'node:process'
import { startController } from '../../chaos/controller/controller.ts'
import { connect } from '../../lib/kube/client.ts'
import { processHolder } from '../../lib/kube/lease.ts'

const [kubeconfig, namespace = '', crashAt = '', signal = 'SIGKILL'] = process.argv.slice(2)
await startController({
  kube: connect({ kubeconfig }),
  namespace,
  observe: { query: async () => [] },
  holder: await processHolder(process.pid),
  onEvent: ({ actor, what, phase }) => {
    process.stdout.write(`${actor} ${what} ${phase}\n`)
    if (`${what} ${phase}` === crashAt) process.kill(process.pid, signal)
  },
})
