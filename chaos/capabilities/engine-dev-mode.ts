import { servingContainer } from '../../lib/core/serving-container.ts'
import { orNull, type Kube } from '../../lib/kube/client.ts'
import { fetchFromPod, type PodPort } from '../../lib/kube/pod-http.ts'
import { defineCapability } from '../controller/capability.ts'

const TIMEOUT_MS = 5_000

/** The engine's endpoints for development (VLLM_SERVER_DEV_MODE=1), asked for by one that changes nothing. */
export default defineCapability({
  name: 'engine-dev-mode',
  summary: 'engines that serve vLLM’s development endpoints (VLLM_SERVER_DEV_MODE=1)',
  needs: ['pods:get', 'pods/proxy:get'],

  async ask({ kube, namespace, selector, pods }) {
    const ready = pods.filter((pod) => pod.ready)
    const found = await Promise.all(ready.map(({ name }) => engineOf(kube, namespace, name)))
    const engines = Object.fromEntries(
      ready.flatMap(({ uid }, index) => {
        const engine = found[index]
        return engine == null ? [] : [[uid, { address: engine.address, port: engine.port }]]
      }),
    )
    if (Object.keys(engines).length > 0) return { ok: true, engines }
    const reason = `expected GET /is_sleeping to answer 200 in a ready pod of "${selector}" (VLLM_SERVER_DEV_MODE=1), found none of ${ready.length}`
    return { ok: false, reason }
  },
})

// --- Internal helpers ---

/** The first of the container's ports that answers. */
const engineOf = async (kube: Kube, namespace: string, name: string): Promise<PodPort | null> => {
  const pod = await orNull(kube.core.readNamespacedPod({ namespace, name }))
  const address = pod?.status?.podIP
  if (pod === null || address === undefined) return null
  for (const { containerPort: port } of servingContainer(pod)?.ports ?? []) {
    const engine = { namespace, name, address, port }
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    // Nobody there, or no HTTP: not this port.
    const status = await fetchFromPod(kube, engine, '/is_sleeping', { signal }).then(
      (response) => response.status,
      () => 0,
    )
    if (status === 200) return engine
  }
  return null
}
