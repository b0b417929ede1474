import { isConflict, isNotFound } from '../../kube/errors.ts'
import { errorMessage } from '../../core/errors.ts'
import type { V1Node } from '../../kube/pod-types.ts'
import type { NodeSpec } from '../types.ts'
import type { AgentContext } from './context.ts'
import { leaseObject, microTime, nodeObject, nodeStatus } from './node-object.ts'
import { pause } from './pause.ts'

const RENEW_MS = 10_000
const STATUS_MS = 300_000
const RETRY_MS = 200
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'

/** Registers all nodes; resolves when the API has each of them as Ready, with a Lease. Tries until the signal. */
export const registerNodes = async (context: AgentContext, signal: AbortSignal): Promise<void> => {
  const { gitVersion } = await retry(context, signal, () => context.api<{ gitVersion: string }>('GET', '/version'))
  await Promise.all(
    context.config.nodes.map((node) => retry(context, signal, () => registerNode(context, node, gitVersion))),
  )
  void keepAlive(context, gitVersion, signal)
}

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
    // Of an agent before this one.
    return api<V1Node>('PATCH', `/api/v1/nodes/${spec.name}`, { body: object, patch: 'strategic-merge' })
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

/** Leases every ten seconds, the nodes' status every five minutes. A node that somebody deleted is registered again. */
const keepAlive = async (context: AgentContext, version: string, signal: AbortSignal): Promise<void> => {
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
