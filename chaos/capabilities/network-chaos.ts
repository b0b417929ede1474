import { isNotFound } from '../../lib/kube/client.ts'
import { defineCapability } from '../controller/capability.ts'
import { withoutGateway } from '../network/gateway-pods.ts'
import { NETWORK_CHAOS } from '../network/network-chaos.ts'

/** Chaos Mesh, asked for by API discovery; whether it may act in the namespace, its own webhook says when an object is made. */
export default defineCapability({
  name: 'network-chaos',
  summary: "Chaos Mesh's NetworkChaos, and pods that are labelled as the gateway's",
  needs: ['pods:list'],

  async ask({ kube, namespace }) {
    const { group, version, plural } = NETWORK_CHAOS
    try {
      const { resources } = await kube.custom.getAPIResources({ group, version })
      if (resources.some(({ name }) => name === plural)) {
        const reason = await withoutGateway(kube, namespace)
        return reason === null ? { ok: true } : { ok: false, reason }
      }
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    return { ok: false, reason: `expected the API ${plural}.${group}/${version} (Chaos Mesh), found no such API` }
  },
})
