// What the processes of a cluster have in common. Apart from the schemas, so that the supervisor, which lives as long
// as the cluster, need not load zod (16 MB).

/** Every process of a cluster, pods included, carries this variable with the cluster's id: what a killed cluster left is found by it. */
export const CLUSTER_ENV = 'FIREDRILL_CLUSTER'

/** Also in every process's environment: Python's setproctitle (vLLM uses it) otherwise writes over /proc/PID/environ. */
export const clusterEnv = (clusterId: string): Record<string, string> => ({ [CLUSTER_ENV]: clusterId, SPT_NOENV: '1' })

/** What the node agent prints on stdout, as a line of its own, once all its nodes are registered and Ready. */
export const AGENT_READY = 'ready'

/** Milliseconds from SIGTERM to SIGKILL when the cluster goes down: the agent's time to stop all pods. */
export const AGENT_GRACE_MS = 10_000

/**
 * For Node.js programs that should stay small: glibc gives freed memory back at its own first threshold (bytes), which it
 * otherwise raises with what V8 frees after compiling. macOS ignores it.
 */
export const NODE_MALLOC_ENV = { MALLOC_TRIM_THRESHOLD_: '131072' }
