import { defineCapability } from '../controller/capability.ts'
import { SCRAPE_PORT } from '../scrape/annotations.ts'

/** Prometheus asks the pods for the port that it scrapes: a convention, which each pod says that it is scraped by. */
export default defineCapability({
  name: 'scrape-annotations',
  summary: `serving pods whose annotation ${SCRAPE_PORT} says where they are scraped`,
  needs: ['pods:list'],

  async ask({ kube, namespace, selector }) {
    const { items } = await kube.core.listNamespacedPod({ namespace, labelSelector: selector })
    const ports = items.flatMap(({ metadata }) => {
      const port = metadata?.annotations?.[SCRAPE_PORT]
      return metadata?.uid === undefined || port === undefined ? [] : [[metadata.uid, port] as const]
    })
    if (ports.length === 0) {
      const reason = `expected serving pods with the annotation ${SCRAPE_PORT} ("${selector}" in ${namespace}), found none`
      return { ok: false, reason }
    }
    return { ok: true, ports: Object.fromEntries(ports) }
  },
})
