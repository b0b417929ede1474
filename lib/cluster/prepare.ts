import { join } from 'node:path'
import { makeCertificates, type AltName, type ClusterCertificates } from './certificates.ts'
import { type ControlPlaneOptions, controllers, storageAndApi } from './control-plane.ts'
import { makeKubeconfig } from './kubeconfig.ts'
import { networkLockName } from './pod-network.ts'
import { findPort } from './ports.ts'
import { type StateDir, writeJson, writePrivate } from './state-dir.ts'
import type { SupervisorPlan } from './supervisor/plan.ts'
import type { AgentConfig, ClusterInfo, ImageMap, NodeSpec, NodeTemplate } from './types.ts'

export interface PrepareOptions {
  name: string
  dir: StateDir
  kube: string
  agent: { command: readonly string[]; deaths?: number | undefined }
  images: ImageMap
  nodes: readonly NodeTemplate[]
  podNetwork: string
  apiPort: number
  /** Milliseconds since the epoch. */
  now: number
}

/** Writes every file that the processes of the cluster read, and says what the supervisor is to run. */
export const prepareCluster = async (options: PrepareOptions): Promise<SupervisorPlan> => {
  const { name, dir, kube, agent, podNetwork, apiPort, now } = options
  const nodes = options.nodes.map((node, index) => ({ ...node, address: `${podNetwork}.255.${index + 1}` }))
  const addresses = nodes.map(({ address }) => address)
  const kubeletPort = await findPort(addresses, KUBELET_PORT)
  const certificates = await makeCertificates({
    apiServer: API_NAMES,
    kubelets: nodes.flatMap((node) => [ip(node.address), dns(node.name)]),
    kubeletClientName: KUBELET_CLIENT,
    now,
  })
  const pem = writeCertificates(dir.pki, certificates)
  const server = `https://127.0.0.1:${apiPort}`
  const { ca, admin } = certificates
  writePrivate(dir.kubeconfig, makeKubeconfig({ name: `firedrill-${name}`, server, ca, client: admin }))
  const info: Omit<ClusterInfo, 'supervisorPid'> = {
    name,
    stateDir: dir.id,
    kubeconfig: dir.kubeconfig,
    apiServer: server,
    podNetwork,
    nodes,
    logs: dir.logs,
  }
  writeJson(dir.agentConfig, agentConfig(options, nodes, server, kubeletPort))
  const controlPlane: ControlPlaneOptions = { kube, apiPort, pki: dir.pki, kubeconfig: dir.kubeconfig }
  const plan: SupervisorPlan = {
    clusterId: dir.id,
    networkLock: networkLockName(podNetwork),
    logs: dir.logs,
    infoFile: dir.info,
    failureFile: dir.failure,
    info,
    api: { url: server, caFile: pem('ca.crt'), certFile: pem('admin.crt'), keyFile: pem('admin.key') },
    first: storageAndApi(controlPlane),
    next: controllers(controlPlane),
    agent: { name: 'agent', command: [...agent.command, dir.agentConfig], env: {} },
    agentDeaths: agent.deaths ?? AGENT_DEATHS,
  }
  writeJson(dir.plan, plan)
  return plan
}

// --- Internal helpers ---

/** Where nobody says another number: more than somebody who kills it by hand, or a memory that is full now and then, takes. */
const AGENT_DEATHS = 5
const KUBELET_PORT = 10_250
const KUBELET_CLIENT = 'kube-apiserver-kubelet-client'

const ip = (value: string): AltName => ({ type: 'ip', value })
const dns = (value: string): AltName => ({ type: 'dns', value })

const API_NAMES = [
  ip('127.0.0.1'),
  // The first address of the service network, which is always the API's own.
  ip('10.96.0.1'),
  dns('localhost'),
  dns('kubernetes'),
  dns('kubernetes.default'),
  dns('kubernetes.default.svc'),
  dns('kubernetes.default.svc.cluster.local'),
]

/** @returns the path of a file by its name */
const writeCertificates = (pki: string, certificates: ClusterCertificates): ((file: string) => string) => {
  const { ca, apiServer, admin, kubeletClient, kubeletServer, serviceAccount } = certificates
  const path = (file: string): string => join(pki, file)
  const pairs = { apiserver: apiServer, admin, 'kubelet-client': kubeletClient, kubelet: kubeletServer }
  for (const [file, { cert, key }] of Object.entries(pairs)) {
    writePrivate(path(`${file}.crt`), cert)
    writePrivate(path(`${file}.key`), key)
  }
  writePrivate(path('ca.crt'), ca)
  writePrivate(path('service-account.pub'), serviceAccount.publicKey)
  writePrivate(path('service-account.key'), serviceAccount.privateKey)
  return path
}

const agentConfig = (
  { name, dir, images, podNetwork }: PrepareOptions,
  nodes: NodeSpec[],
  apiServer: string,
  port: number,
): AgentConfig => ({
  clusterId: dir.id,
  clusterName: name,
  kubeconfig: dir.kubeconfig,
  apiServer,
  caFile: join(dir.pki, 'ca.crt'),
  podsDir: dir.pods,
  podNetwork,
  nodes,
  images,
  kubelet: {
    port,
    certFile: join(dir.pki, 'kubelet.crt'),
    keyFile: join(dir.pki, 'kubelet.key'),
    clientCaFile: join(dir.pki, 'ca.crt'),
    clientName: KUBELET_CLIENT,
  },
})
