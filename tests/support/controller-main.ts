/** A controller as a process of its own, which kills itself at one event: `main.ts KUBECONFIG NAMESPACE "inject invoke"`. */
import process from 'node:process'
import { startController } from '../../chaos/controller/controller.ts'
import { connect } from '../../lib/kube/client.ts'
import { processHolder } from '../../lib/kube/lease.ts'

const [kubeconfig, namespace = '', crashAt = ''] = process.argv.slice(2)
await startController({
  kube: connect({ kubeconfig }),
  namespace,
  observe: { query: async () => [] },
  holder: await processHolder(process.pid),
  onEvent: ({ what, phase }) => {
    if (`${what} ${phase}` === crashAt) process.kill(process.pid, 'SIGKILL')
  },
})
