import type { Cluster } from '../cluster/cluster.ts'
import type { Pod } from '../cluster/pod.ts'
import type { Labels, Page } from '../scrape/page.ts'
import type { SimulatedStack } from '../stack.ts'

/**
 * kube-state-metrics' series of the serving Deployment, its pods, and pods beside them. Of its hundred families only these:
 * what rules, reports and data sets read. A rule that reads another is told so by its verdict (no data).
 */
export const kubeStatePage = (cluster: Cluster, { serving, gpuNodes }: SimulatedStack): Page => {
  const { namespace, deployment } = serving
  const own: Labels = { namespace, deployment }
  const gateway = { namespace, pod: 'gateway-simulated', uid: 'gateway-simulated' }
  const labels = labelCache()
  const hostIp = (node: string): string => `127.1.255.${gpuNodes.indexOf(node) + 2}`
  return {
    families: [
      'kube_deployment_spec_replicas',
      'kube_deployment_status_replicas',
      'kube_deployment_status_replicas_available',
      'kube_deployment_status_replicas_unavailable',
      'kube_pod_info',
      'kube_pod_status_phase',
      'kube_pod_status_ready',
      'kube_pod_container_status_ready',
      'kube_pod_container_status_running',
      'kube_pod_container_status_restarts_total',
      'kube_pod_container_status_waiting_reason',
    ],
    visit: (visitor) => {
      const serve = cluster.servingPods().filter(({ isDeleting }) => !isDeleting)
      const available = serve.filter(({ ready }) => ready).length
      visitor('kube_deployment_spec_replicas', own, serving.replicas)
      visitor('kube_deployment_status_replicas', own, serve.length)
      visitor('kube_deployment_status_replicas_available', own, available)
      visitor('kube_deployment_status_replicas_unavailable', own, Math.max(0, serving.replicas - available))
      const gatewayOwn: Labels = labels('gateway', () => ({ namespace, deployment: 'gateway' }))
      visitor('kube_deployment_spec_replicas', gatewayOwn, 1)
      visitor('kube_deployment_status_replicas_available', gatewayOwn, 1)
      for (const condition of CONDITIONS)
        visitor(
          'kube_pod_status_ready',
          labels(`gateway ${condition}`, () => ({ ...gateway, condition })),
          condition === 'true' ? 1 : 0,
        )
      for (const pod of cluster.pods.all()) {
        const { uid, node, container } = pod
        const id = { namespace, pod: pod.name, uid }
        const of = (key: string, more: () => Record<string, string> = () => ({})): Labels =>
          labels(`${uid} ${key}`, () => ({ ...id, ...more() }))
        if (node !== null)
          visitor(
            'kube_pod_info',
            of('info', () => podInfo(pod, hostIp(node))),
            1,
          )
        for (const phase of PHASES)
          visitor(
            'kube_pod_status_phase',
            of(phase, () => ({ phase })),
            pod.phase === phase ? 1 : 0,
          )
        for (const condition of CONDITIONS) {
          const now = pod.ready ? 'true' : 'false'
          visitor(
            'kube_pod_status_ready',
            of(condition, () => ({ condition })),
            condition === now ? 1 : 0,
          )
        }
        if (pod.phase !== 'Running' && pod.reason !== 'ContainerCreating') continue
        const inContainer = of('container', () => ({ container }))
        visitor('kube_pod_container_status_ready', inContainer, pod.ready ? 1 : 0)
        visitor('kube_pod_container_status_running', inContainer, pod.reason === null ? 1 : 0)
        visitor('kube_pod_container_status_restarts_total', inContainer, pod.restarts)
        if (isWaiting(pod)) {
          const reason = pod.reason ?? ''
          visitor(
            'kube_pod_container_status_waiting_reason',
            of(reason, () => ({ container, reason })),
            1,
          )
        }
      }
    },
  }
}

// --- Internal helpers ---

const CONDITIONS = ['true', 'false', 'unknown']
const PHASES = ['Pending', 'Succeeded', 'Failed', 'Unknown', 'Running']

const isWaiting = ({ reason }: Pod): boolean => reason === 'CrashLoopBackOff' || reason === 'ContainerCreating'

const podInfo = ({ owner, node, ip }: Pod, hostIp: string): Record<string, string> => ({
  created_by_kind: owner.kind,
  created_by_name: owner.name,
  host_ip: hostIp,
  host_network: 'false',
  node: node ?? '',
  pod_ip: ip ?? '',
})

/** A series keeps its labels object, so that nobody has to compare labels at every scrape. */
const labelCache = () => {
  const known = new Map<string, Labels>()
  return (key: string, make: () => Labels): Labels => {
    const labels = known.get(key) ?? make()
    known.set(key, labels)
    return labels
  }
}
