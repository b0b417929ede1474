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
  const gatewayOwn: Labels = { namespace, deployment: 'gateway' }
  const gatewayReady = CONDITIONS.map((condition): Labels => ({ ...gateway, condition }))
  const hostIp = (node: string): string => `127.1.255.${gpuNodes.indexOf(node) + 2}`
  /** Made once: a series keeps its labels objects, so that nobody has to compare labels at every scrape. */
  const known = new Map<Pod, PodLabels>()
  const labelsOf = (pod: Pod): PodLabels => {
    let labels = known.get(pod)
    if (labels === undefined) {
      labels = podLabels(namespace, pod)
      known.set(pod, labels)
    }
    return labels
  }
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
      visitor('kube_deployment_spec_replicas', gatewayOwn, 1)
      visitor('kube_deployment_status_replicas_available', gatewayOwn, 1)
      for (const labels of gatewayReady)
        visitor('kube_pod_status_ready', labels, labels['condition'] === 'true' ? 1 : 0)
      for (const pod of cluster.pods.all()) {
        const { node, phase, ready, reason } = pod
        const labels = labelsOf(pod)
        if (node !== null) visitor('kube_pod_info', (labels.info ??= podInfo(labels.id, pod, hostIp(node))), 1)
        for (const one of labels.phases) visitor('kube_pod_status_phase', one, one['phase'] === phase ? 1 : 0)
        const condition = ready ? 'true' : 'false'
        for (const one of labels.conditions)
          visitor('kube_pod_status_ready', one, one['condition'] === condition ? 1 : 0)
        if (phase !== 'Running' && reason !== 'ContainerCreating') continue
        visitor('kube_pod_container_status_ready', labels.container, ready ? 1 : 0)
        visitor('kube_pod_container_status_running', labels.container, reason === null ? 1 : 0)
        visitor('kube_pod_container_status_restarts_total', labels.container, pod.restarts)
        for (const one of labels.waiting) {
          if (one['reason'] === reason) visitor('kube_pod_container_status_waiting_reason', one, 1)
        }
      }
    },
  }
}

// --- Internal helpers ---

const CONDITIONS = ['true', 'false', 'unknown']
const PHASES = ['Pending', 'Succeeded', 'Failed', 'Unknown', 'Running']
const WAITING = ['CrashLoopBackOff', 'ContainerCreating']

interface PodLabels {
  id: Labels
  /** Once it is bound. */
  info: Labels | null
  phases: readonly Labels[]
  conditions: readonly Labels[]
  container: Labels
  waiting: readonly Labels[]
}

const podLabels = (namespace: string, { name, uid, container }: Pod): PodLabels => {
  const id = { namespace, pod: name, uid }
  return {
    id,
    info: null,
    phases: PHASES.map((phase) => ({ ...id, phase })),
    conditions: CONDITIONS.map((condition) => ({ ...id, condition })),
    container: { ...id, container },
    waiting: WAITING.map((reason) => ({ ...id, container, reason })),
  }
}

const podInfo = (id: Labels, { owner, node, ip }: Pod, hostIp: string): Labels => ({
  ...id,
  created_by_kind: owner.kind,
  created_by_name: owner.name,
  host_ip: hostIp,
  host_network: 'false',
  node: node ?? '',
  pod_ip: ip ?? '',
})
