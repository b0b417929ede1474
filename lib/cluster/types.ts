import { z } from 'zod'

export { AGENT_GRACE_MS, AGENT_READY, CLUSTER_ENV, clusterEnv } from './contract.ts'

/** What runs in place of an image: argv before the container's own args; `env` comes below the container's own. */
export const Program = z.strictObject({
  command: z.array(z.string()).min(1),
  env: z.record(z.string(), z.string()).optional(),
  /** What else the image has in its PATH, for commands of a container's own and for exec: argv before a caller's args, by name. */
  tools: z.record(z.string(), z.array(z.string()).min(1)).optional(),
  /**
   * The tags that there are, as a regular expression for all of the tag: an image with another one cannot be pulled. The first group goes to
   * the program in `variable`. Without this there is every tag.
   */
  tags: z.strictObject({ pattern: z.string(), variable: z.string().optional() }).optional(),
})
export type Program = z.infer<typeof Program>

/** By image name without tag or digest: `vllm/vllm-openai`. */
export const ImageMap = z.record(z.string(), Program)
export type ImageMap = z.infer<typeof ImageMap>

/** A node as it is asked for; the cluster gives it an address. Capacities are Kubernetes quantities: `'4'`, `'16Gi'`. */
export const NodeTemplate = z.strictObject({
  name: z.string(),
  labels: z.record(z.string(), z.string()),
  /** Pods that do not tolerate these stay away. */
  taints: z
    .array(
      z.strictObject({
        key: z.string(),
        value: z.string().optional(),
        effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
      }),
    )
    .optional(),
  capacity: z.strictObject({
    cpu: z.string(),
    memory: z.string(),
    pods: z.string(),
    'nvidia.com/gpu': z.string().optional(),
  }),
})
export type NodeTemplate = z.infer<typeof NodeTemplate>

/** `address` is the node's InternalIP, `127.N.255.M`: its kubelet endpoint and its host-network pods listen there. */
export const NodeSpec = NodeTemplate.extend({ address: z.string() })
export type NodeSpec = z.infer<typeof NodeSpec>

/**
 * The JSON file that the node agent is started with: `<agent command...> <config.json>`. All paths are absolute.
 * The agent's stdout and stderr are its log file; on SIGTERM it stops its pods and exits (it is killed after AGENT_GRACE_MS,
 * and so are pods it left). Its stdin is a pipe that nobody writes to: its end means that the supervisor was killed, and
 * is to be taken as SIGTERM.
 */
export const AgentConfig = z.strictObject({
  /** The absolute state dir of the cluster: the value of CLUSTER_ENV in each pod's environment. */
  clusterId: z.string(),
  clusterName: z.string(),
  /** Admin credentials: one agent plays all nodes and asks for the tokens of every pod's service account. */
  kubeconfig: z.string(),
  /** For the kubeconfigs of pods. */
  apiServer: z.string(),
  /** The cluster's CA certificate, PEM. */
  caFile: z.string(),
  /** Exists, is empty at the start, readable by the user only; removed with the cluster. */
  podsDir: z.string(),
  /** The first two octets of pod addresses: `127.1`. Pods get `127.1.0.2` and up, nodes have `127.1.255.M`. */
  podNetwork: z.string(),
  nodes: z.array(NodeSpec),
  images: ImageMap,
  /** The kubelet endpoint, the same port on every node's address (the node's `daemonEndpoints.kubeletEndpoint.Port`). */
  kubelet: z.strictObject({
    port: z.number().int(),
    /** Serving certificate and key, PEM: one for all node addresses and names. */
    certFile: z.string(),
    keyFile: z.string(),
    /** Clients must show a certificate of this CA with this common name: the API server's. */
    clientCaFile: z.string(),
    clientName: z.string(),
  }),
})
export type AgentConfig = z.infer<typeof AgentConfig>

/** A running cluster, as `findCluster` reads it from the state dir. */
export const ClusterInfo = z.strictObject({
  name: z.string(),
  /** The cluster's id, and the folder of all its files. */
  stateDir: z.string(),
  /** Path of the admin's kubeconfig. */
  kubeconfig: z.string(),
  apiServer: z.string(),
  podNetwork: z.string(),
  nodes: z.array(NodeSpec),
  /** Folder with a log per part: etcd, apiserver, controllers, agent, supervisor. */
  logs: z.string(),
  supervisorPid: z.number().int(),
})
export type ClusterInfo = z.infer<typeof ClusterInfo>
