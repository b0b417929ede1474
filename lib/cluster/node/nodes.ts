import { isConflict, isNotFound } from '../../kube/errors.ts'
import { errorMessage } from '../../core/errors.ts'
import type { V1Node } from '../../kube/pod-types.ts'
import type { NodeSpec } from '../types.ts'
import type { AgentContext } from './context.ts'
import { leaseObject, microTime, nodeObject, nodeStatus } from './node-object.ts'
import { pause } from './pause.ts'

/** Well within the grace period of the node controller (lib/cluster/control-plane.ts): three lost ones are forgiven. */
const RENEW_MS = 3_000
const STATUS_MS = 300_000
const RETRY_MS = 200
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'

/** Says of a node that it is there and ready, as after its boot. Tries until the signal. */
export type Register = (node: NodeSpec) => Promise<void>

/**
 * Registers the nodes that have power; resolves when the API has each of them as Ready, with a Lease. From then on their
 * Leases are renewed for as long as they have power.
 */
export const registerNodes = async (
  context: AgentContext,
  isUp: (node: NodeSpec) => boolean,
  signal: AbortSignal,
): Promise<Register> => {
  const { gitVersion } = await retry(context, signal, () => context.api<{ gitVersion: string }>('GET', '/version'))
  const register: Register = (node) => retry(context, signal, () => registerNode(context, node, gitVersion))
  await Promise.all(context.config.nodes.filter(isUp).map(register))
  void keepAlive(context, isUp, gitVersion, signal)
  return register
}

/** The nodes as the API has them now; tries until the signal. */
export const listNodes = (context: AgentContext, signal: AbortSignal): Promise<V1Node[]> =>
  retry(context, signal, async () => (await context.api<{ items: V1Node[] }>('GET', '/api/v1/nodes')).items)

// --- Internal helpers ---

const retry = async <T>({ log }: AgentContext, signal: AbortSignal, act: () => Promise<T>): Promise<T> => {
  let told = ''
  for (;;) {
    try {
      return await act()
    } catch (error) {
      signal.throwIfAborted()
      const message = errorMessage(error)
      if (message !== told) log(`registering nodes, again in a moment: ${message}`)
      told = message
      await pause(RETRY_MS, signal)
    }
  }
}

const registerNode = async ({ api, config, now }: AgentContext, spec: NodeSpec, version: string): Promise<void> => {
  const object = nodeObject(spec, config.kubelet.port, version, now())
  const node = await api<V1Node>('POST', '/api/v1/nodes', { body: object }).catch((error: unknown) => {
    if (!isConflict(error)) throw error
    // Of an agent before this one. Cordon and taints are others' by now.
    const { spec: _, ...mine } = object
    return api<V1Node>('PATCH', `/api/v1/nodes/${spec.name}`, { body: mine, patch: 'strategic-merge' })
  })
  await api('PATCH', `/api/v1/nodes/${spec.name}/status`, {
    body: { status: nodeStatus(spec, config.kubelet.port, version, now(), now()) },
    patch: 'strategic-merge',
  })
  const lease = leaseObject(spec.name, node.metadata?.uid ?? '', now())
  await api('POST', LEASES, { body: lease }).catch((error: unknown) => {
    if (!isConflict(error)) throw error
    return api('PATCH', `${LEASES}/${spec.name}`, { body: lease, patch: 'merge' })
  })
}

/** Leases every few seconds, the nodes' status every five minutes. A node that somebody deleted is registered again. */
const keepAlive = async (
  context: AgentContext,
  isUp: (node: NodeSpec) => boolean,
  version: string,
  signal: AbortSignal,
): Promise<void> => {
  const { api, config, now, log } = context
  const since = now()
  let reported = since
  for (;;) {
    await pause(RENEW_MS, signal)
    if (signal.aborted) return
    const time = now()
    const withStatus = time - reported >= STATUS_MS
    if (withStatus) reported = time
    for (const spec of config.nodes) {
      if (!isUp(spec)) continue
      try {
        const body = { spec: { renewTime: microTime(time) } }
        await api('PATCH', `${LEASES}/${spec.name}`, { body, patch: 'merge' })
        if (!withStatus) continue
        const status = nodeStatus(spec, config.kubelet.port, version, since, time)
        await api('PATCH', `/api/v1/nodes/${spec.name}/status`, { body: { status }, patch: 'strategic-merge' })
      } catch (error) {
        log(`node ${spec.name} was not renewed: ${errorMessage(error)}`)
        if (isNotFound(error)) await registerNode(context, spec, version).catch(() => undefined)
      }
    }
  }
}
