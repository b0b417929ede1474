import { capabilities as shipped } from '../capabilities/registry.gen.ts'
import type { Answers, CapabilityName } from '../../lib/core/capability.ts'
import type { AnyFault, TargetSnapshot } from '../../lib/core/fault.ts'
import type { AskContext, CapabilityRegistry } from './capability.ts'
import { needsOfMeans, usable } from './means.ts'
import { notPermitted } from './refusals/permission.ts'

/** What planning may know of the target; it never looks again. A means of the fault is there where we may use it, too. */
export const snapshotTarget = async (
  context: AskContext,
  { requires, asks = [], means = {} }: Pick<AnyFault, 'requires' | 'asks' | 'means'>,
): Promise<TargetSnapshot> => {
  const { kube, namespace, selector, pods } = context
  const found = await askTarget(context, [...new Set([...requires.flat(), ...asks])])
  const denied = await notPermitted(kube, namespace, needsOfMeans(means, found))
  const can = usable(means, found, { namespace, denied })
  return { namespace, selector, pods: [...pods], can }
}

/** Asks the target for each of these, all at once. What we have no right to ask for is a refusal too. */
export const askTarget = async (
  context: AskContext,
  names: readonly CapabilityName[],
  capabilities: CapabilityRegistry = shipped,
): Promise<Answers> => {
  const ask = async (name: CapabilityName): Promise<Answers[CapabilityName]> => {
    const { summary, needs } = capabilities[name]
    const denied = await notPermitted(context.kube, context.namespace, needs)
    if (denied.length === 0) return await capabilities[name].ask(context)
    const reason = `expected the right to ${denied.join(', ')} in ${context.namespace}, to look for ${summary}, found that RBAC does not give it`
    return { ok: false, reason }
  }
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await ask(name)] as const)))
}
