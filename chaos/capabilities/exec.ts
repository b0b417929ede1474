import { defineCapability } from '../controller/capability.ts'
import { askPod } from '../exec/ask.ts'

/** Asked by doing it: a shell that only looks for what the faults' scripts use, in the first serving pod that is ready. */
export default defineCapability({
  name: 'exec',
  summary: 'serving containers that run a shell (kubectl exec)',
  // Which of the two verbs a WebSocket needs is up to the API server's version: get to 1.34, create from 1.35 on.
  needs: ['pods:get', 'pods/exec:create', 'pods/exec:get'],

  async ask({ kube, namespace, selector, pods }) {
    const first = pods.find(({ ready }) => ready)
    if (first === undefined) {
      return { ok: false, reason: `expected a ready pod of "${selector}" to run a command in, found none` }
    }
    const answer = await askPod(kube, namespace, first.name, ['sh', '-c', 'command -v grep sed cut >/dev/null'])
    return answer.ok ? { ok: true, container: answer.container } : answer
  },
})
