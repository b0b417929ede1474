import { capabilities as shipped } from '../capabilities/registry.gen.ts'
import type { Answers, CapabilityName } from '../../lib/core/capability.ts'
import type { AnyFault, TargetSnapshot } from '../../lib/core/fault.ts'
import type { AskContext, CapabilityRegistry } from './capability.ts'

/** What planning may know of the target; it never looks again. */
export const snapshotTarget = async (
  context: AskContext,
  { requires, asks = [] }: Pick<AnyFault, 'requires' | 'asks'>,
): Promise<TargetSnapshot> => {
  const { namespace, selector, pods } = context
  const can = await askTarget(context, [...new Set([...requires.flat(), ...asks])])
  return { namespace, selector, pods: [...pods], can }
}

/** Asks the target for each of these, all at once. */
export const askTarget = async (
  context: AskContext,
  names: readonly CapabilityName[],
  capabilities: CapabilityRegistry = shipped,
): Promise<Answers> => {
  const answers = await Promise.all(names.map(async (name) => [name, await capabilities[name].ask(context)] as const))
  return Object.fromEntries(answers)
}
