import type { TargetOptions } from '../lib/core/target.ts'
import { UserError } from '../lib/core/errors.ts'
import { type Kube, reaching } from '../lib/kube/client.ts'
import { podReady } from './ready.ts'

interface ServiceRef {
  namespace: string
  name: string
  port: number
}

/** Where the stack serves. */
export const STACK_NAMESPACE = 'llm'

const GATEWAY = { namespace: STACK_NAMESPACE, name: 'gateway', port: 8080 }
const PROMETHEUS = { namespace: 'monitoring', name: 'prometheus', port: 9090 }
const ALERTMANAGER = { namespace: 'monitoring', name: 'alertmanager', port: 9093 }
const RECEIVER = { namespace: 'monitoring', name: 'alertmanager', port: 9099 }

/**
 * The deployed stack as a run takes it: by pod address where these can be reached from here (the embedded cluster),
 * else by service. Which kubeconfig and context it is, the caller knows.
 */
export const stackTarget = async (kube: Kube, { embedded }: { embedded: boolean }): Promise<TargetOptions> => {
  const endpoint = embedded ? (ref: ServiceRef) => podUrl(kube, ref) : serviceRef
  const [url, prometheus, alertmanager, notifications] = await Promise.all(
    [GATEWAY, PROMETHEUS, ALERTMANAGER, RECEIVER].map(endpoint),
  )
  if (url === undefined || prometheus === undefined) throw new Error('the stack has no gateway or no Prometheus')
  return {
    namespace: STACK_NAMESPACE,
    selector: 'app=vllm',
    url,
    prometheus,
    headers: [],
    urlHeaders: [],
    ...(alertmanager !== undefined && { alertmanager }),
    ...(notifications !== undefined && { notifications }),
  }
}

// --- Internal helpers ---

const serviceRef = async ({ namespace, name, port }: ServiceRef): Promise<string> => `svc/${namespace}/${name}:${port}`

const podUrl = async (kube: Kube, { namespace, name, port }: ServiceRef): Promise<string> => {
  const listed = kube.core.listNamespacedPod({ namespace, labelSelector: `app=${name}` })
  const { items } = await reaching(kube, listed)
  const pod = items.find((item) => podReady(item) && item.metadata?.deletionTimestamp === undefined)
  const address = pod?.status?.podIP
  if (address !== undefined) return `http://${address}:${port}`
  throw new UserError({
    code: 'stack-not-ready',
    message: `expected a ready pod with the label app=${name} in ${namespace}, found none`,
    hint: 'firedrill up deploys the stack again',
  })
}
