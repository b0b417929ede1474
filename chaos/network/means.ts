import type { ActContext, TargetSnapshot } from '../../lib/core/fault.ts'
import type { ObjectKind } from '../../lib/core/fault-kube/object.ts'
import { until } from '../../lib/core/until.ts'
import {
  parseUpstreamRules,
  type UpstreamRule,
  upstreamRulesText,
  withoutRule,
  withRule,
} from '../../lib/core/upstream-rules.ts'
import type { Effect } from './effect.ts'
import { NETWORK_CHAOS, networkChaos, victimLabel } from './network-chaos.ts'
import { cutOff, NETWORK_POLICY, PARTITION_LABEL } from './network-policy.ts'

/** By what the packets are held up: written down with the plan, since a target may have others by the time it is healed. */
export type Means =
  | { by: 'gateway'; configMap: string; key: string }
  | { by: 'network-chaos'; object: Created }
  | { by: 'network-policy'; object: Created }

type Created = { metadata: { name: string } } & Record<string, unknown>

export interface NetworkPlan {
  id: string
  namespace: string
  victim: { name: string; uid: string; node: string }
  effect: Effect
  durationMs: number
  means: Means
}

type Wanted = Pick<NetworkPlan, 'id' | 'namespace' | 'victim' | 'effect' | 'durationMs'>

/** What the target has, in this order: its gateway, Chaos Mesh, and for a partition a NetworkPolicy. A text says why none will do. */
export const meansOf = (
  can: TargetSnapshot['can'],
  { id, namespace, victim, effect, durationMs }: Wanted,
): Means | string => {
  const { 'upstream-faults': gateway, 'network-chaos': chaosMesh, 'network-policies': policies } = can
  if (gateway?.ok === true) return { by: 'gateway', configMap: gateway.configMap, key: gateway.key }
  if (chaosMesh?.ok === true)
    return { by: 'network-chaos', object: networkChaos({ id, namespace, victim, durationMs, effect }) }
  if (effect.kind !== 'partition' || policies?.ok !== true)
    return 'expected a gateway with upstream rules or Chaos Mesh, found neither'
  const others = policies.selecting[victim.uid] ?? []
  if (others.length === 0) return { by: 'network-policy', object: cutOff(id, namespace) }
  return `expected no NetworkPolicy for ingress of ${victim.name}, found ${others.join(', ')}: what one allows, another cannot take away`
}

export const impair = async (context: ActContext<NetworkPlan>): Promise<void> => {
  const { plan, kube, injectedAt } = context
  const { id, victim, effect, durationMs, means } = plan
  switch (means.by) {
    case 'gateway': {
      const rule = { ...effect, id, pod: victim.uid, expiresAt: injectedAt + durationMs }
      return editRules(context, means, (rules) =>
        rules.some((known) => known.id === id) ? null : withRule(rules, rule),
      )
    }
    case 'network-chaos':
      await label(context)
      return kube.createObject(NETWORK_CHAOS, means.object)
    case 'network-policy':
      await kube.createObject(NETWORK_POLICY, means.object)
      return kube.changePod(victim, ({ labels }) =>
        labels[PARTITION_LABEL] === undefined ? { labels: { [PARTITION_LABEL]: id } } : null,
      )
  }
}

/** Takes away what carries our id, and nothing else. */
export const mend = async (context: ActContext<NetworkPlan>): Promise<void> => {
  const { plan, kube } = context
  const { id, victim, means } = plan
  switch (means.by) {
    case 'gateway':
      return editRules(context, means, (rules) =>
        rules.some((known) => known.id === id) ? withoutRule(rules, id) : null,
      )
    case 'network-chaos':
      await deleted(context, NETWORK_CHAOS, means.object.metadata.name)
      return kube.changePod(victim, ({ labels }) =>
        labels[victimLabel(id)] === undefined ? null : { labels: { [victimLabel(id)]: null } },
      )
    case 'network-policy':
      await deleted(context, NETWORK_POLICY, means.object.metadata.name)
      return kube.changePod(victim, ({ labels }) =>
        labels[PARTITION_LABEL] === id ? { labels: { [PARTITION_LABEL]: null } } : null,
      )
  }
}

// --- Internal helpers ---

/** Chaos Mesh's own finalizer takes the rules off the pods first. */
const DELETE_TIMEOUT_MS = 60_000
const ATTEMPTS = 10

/** Without its victim the object would select nobody, and the fault end as one that did not bite. */
const label = async ({ plan: { id, victim }, kube }: ActContext<NetworkPlan>): Promise<void> => {
  let isThere = false
  await kube.changePod(victim, ({ labels }) => {
    isThere = true
    return labels[victimLabel(id)] === victim.uid ? null : { labels: { [victimLabel(id)]: victim.uid } }
  })
  if (!isThere) throw new Error(`expected pod ${victim.name} with uid ${victim.uid}, found it gone or another one`)
}

const deleted = async (
  { kube, clock, signal }: ActContext<NetworkPlan>,
  kind: ObjectKind,
  name: string,
): Promise<void> => {
  await kube.deleteObject(kind, name)
  const gone = async (): Promise<boolean> => (await kube.readObject(kind, name)) === null
  await until(gone, { what: `${kind.plural} ${name} to be gone`, timeoutMs: DELETE_TIMEOUT_MS, clock, signal })
}

/** Rewrites the gateway's rules, unless `change` says null; reads again where somebody else wrote in between. */
const editRules = async (
  { kube }: ActContext<NetworkPlan>,
  { configMap, key }: { configMap: string; key: string },
  change: (rules: UpstreamRule[]) => UpstreamRule[] | null,
): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    const text = await kube.readConfigMapKey(configMap, key)
    if (text === null) return
    const rules = change(parseUpstreamRules(text))
    if (rules === null) return
    try {
      return await kube.writeConfigMapKey(configMap, key, upstreamRulesText(rules), text)
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
    }
  }
}
