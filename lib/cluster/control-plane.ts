import type { PartSpec } from './supervisor/plan.ts'

export interface ControlPlaneOptions {
  /** Path of the binary that is all four programs. */
  kube: string
  apiPort: number
  /** Folder of the PEM files that `prepare` writes. */
  pki: string
  kubeconfig: string
}

/** etcd and the API server: started first and together. The API server waits for etcd by itself. */
export const storageAndApi = ({ kube, apiPort, pki }: ControlPlaneOptions): PartSpec[] => [
  {
    name: 'etcd',
    command: [kube, 'etcd', ...flags(ETCD_FLAGS)],
    env: { ...GO_ENV, GOMEMLIMIT: '60MiB' },
  },
  {
    name: 'apiserver',
    command: [kube, 'apiserver', ...flags({ ...API_FLAGS, 'secure-port': `${apiPort}`, ...apiCertificates(pki) })],
    // Its live heap is 90 MB, most of it schemas that never change.
    env: { GOGC: '25', GOMEMLIMIT: '250MiB' },
  },
]

/** Controller manager and scheduler, in one process: they give up where no API server answers, so it comes after it. */
export const controllers = ({ kube, pki, kubeconfig }: ControlPlaneOptions): PartSpec[] => [
  {
    name: 'controllers',
    command: [
      kube,
      'controllers',
      ...flags({
        ...CONTROLLER_FLAGS,
        kubeconfig,
        'root-ca-file': `${pki}/ca.crt`,
        'service-account-private-key-file': `${pki}/service-account.key`,
        v: '0',
      }),
      '--',
      ...flags({ ...SCHEDULER_FLAGS, kubeconfig }),
    ],
    env: { ...GO_ENV, GOMEMLIMIT: '110MiB' },
  },
]

// --- Internal helpers ---

// GOMEMLIMIT is soft: above it Go collects more often, it does not fail.
const GO_ENV = { GOGC: '50' }

// Sockets in the state dir, which only the user may enter: etcd needs no port, and nobody else can reach it.
// etcd wants these URLs to look like host:port; the names are relative to the parts' working directory.
const CLIENT_URL = 'unix://etcd-client:1'
const PEER_URL = 'unix://etcd-peer:1'

const ETCD_FLAGS = {
  name: 'firedrill',
  'data-dir': 'etcd',
  'listen-client-urls': CLIENT_URL,
  'advertise-client-urls': CLIENT_URL,
  'listen-peer-urls': PEER_URL,
  'initial-advertise-peer-urls': PEER_URL,
  'initial-cluster': `firedrill=${PEER_URL}`,
  // The data lives no longer than the cluster: nothing is to be saved from a power cut.
  'unsafe-no-fsync': 'true',
  'backend-batch-interval': '1s',
  'max-wals': '1',
  // In milliseconds: the only member waits out one election before it serves, a second by default.
  'heartbeat-interval': '20',
  'election-timeout': '100',
  'log-level': 'warn',
  'log-format': 'console',
}

const API_FLAGS = {
  'etcd-servers': CLIENT_URL,
  'bind-address': '127.0.0.1',
  'advertise-address': '127.0.0.1',
  'service-cluster-ip-range': '10.96.0.0/16',
  // Endpoints may not be loopback addresses, and 127.0.0.1 is all there is.
  'endpoint-reconciler-type': 'none',
  'authorization-mode': 'Node,RBAC',
  'anonymous-auth': 'false',
  // As everywhere; a fault that sets a GPU's power limit asks for it. Here nobody is given more by it.
  'allow-privileged': 'true',
  'kubelet-preferred-address-types': 'InternalIP',
  'service-account-issuer': 'https://kubernetes.default.svc',
  // Exec over WebSocket goes through to the node as it is: the node agent does not speak SPDY, which the API server would make of it.
  'feature-gates': 'TranslateStreamCloseWebsocketRequests=false',
  'event-ttl': '1h',
  'enable-priority-and-fairness': 'false',
  profiling: 'false',
  v: '0',
}

const CONTROLLER_FLAGS = {
  'leader-elect': 'false',
  // No HTTPS endpoint of its own: one port less.
  'secure-port': '0',
  profiling: 'false',
  'kube-api-qps': '100',
  'kube-api-burst': '200',
  // A node without a heartbeat is NotReady after twelve seconds (Kubernetes: 50), so that an outage of a minute is one. The
  // agent renews every three. What runs there is taken to be lost after five minutes more, as everywhere.
  'node-monitor-period': '2s',
  'node-monitor-grace-period': '12s',
  // Without volumes, certificates, clouds, autoscalers; without endpoints, which refuse loopback addresses.
  controllers: [
    'clusterrole-aggregation-controller',
    'cronjob-controller',
    'daemonset-controller',
    'deployment-controller',
    'disruption-controller',
    'garbage-collector-controller',
    'job-controller',
    'namespace-controller',
    'node-lifecycle-controller',
    'pod-garbage-collector-controller',
    'replicaset-controller',
    'resourcequota-controller',
    'root-ca-certificate-publisher-controller',
    'serviceaccount-controller',
    'serviceaccount-token-controller',
    'statefulset-controller',
    'taint-eviction-controller',
    'ttl-after-finished-controller',
  ].join(','),
}

const SCHEDULER_FLAGS = {
  'leader-elect': 'false',
  'secure-port': '0',
  profiling: 'false',
  'kube-api-qps': '100',
  'kube-api-burst': '200',
}

const apiCertificates = (pki: string): Record<string, string> => ({
  'client-ca-file': `${pki}/ca.crt`,
  'tls-cert-file': `${pki}/apiserver.crt`,
  'tls-private-key-file': `${pki}/apiserver.key`,
  'kubelet-certificate-authority': `${pki}/ca.crt`,
  'kubelet-client-certificate': `${pki}/kubelet-client.crt`,
  'kubelet-client-key': `${pki}/kubelet-client.key`,
  'service-account-key-file': `${pki}/service-account.pub`,
  'service-account-signing-key-file': `${pki}/service-account.key`,
})

const flags = (values: Record<string, string>): string[] =>
  Object.entries(values).map(([name, value]) => `--${name}=${value}`)
