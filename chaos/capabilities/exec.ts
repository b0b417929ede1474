import { errorMessage } from '../../lib/core/errors.ts'
import { orNull } from '../../lib/kube/client.ts'
import { execCommand } from '../../lib/kube/exec.ts'
import { defineCapability } from '../controller/capability.ts'
import { servingContainer } from '../exec/serving-container.ts'

const TIMEOUT_MS = 10_000

/** Asked by doing it: a shell that does nothing, in the first serving pod that is ready. */
export default defineCapability({
  name: 'exec',
  summary: 'serving containers that run a shell (kubectl exec)',
  // Which of the two verbs a WebSocket needs is up to the API server's version: get to 1.34, create from 1.35 on.
  needs: ['pods:get', 'pods/exec:create', 'pods/exec:get'],

  async ask({ kube, namespace, selector, pods }) {
    const first = pods.find(({ ready }) => ready)
    const pod = first && (await orNull(kube.core.readNamespacedPod({ namespace, name: first.name })))
    if (!pod) return refuse(`expected a ready pod of "${selector}" to run a command in, found none`)
    const container = servingContainer(pod)?.name
    if (container === undefined) {
      const names = pod.spec?.containers.map(({ name }) => name).join(', ')
      return refuse(`expected one container with a GPU in ${first.name}, or one that is its default, found ${names}`)
    }
    try {
      const command = ['sh', '-c', 'command -v grep sed cut >/dev/null']
      const options = { namespace, pod: first.name, container, command, timeoutMs: TIMEOUT_MS }
      const { exitCode } = await execCommand(kube, options)
      if (exitCode === 0) return { ok: true, container }
      return refuse(
        `expected a shell with grep, sed and cut in ${first.name}/${container}, found exit code ${exitCode}`,
      )
    } catch (error) {
      return refuse(`expected to run a command in ${first.name}/${container}, found: ${errorMessage(error)}`)
    }
  },
})

// --- Internal helpers ---

const refuse = (reason: string): { ok: false; reason: string } => ({ ok: false, reason })
