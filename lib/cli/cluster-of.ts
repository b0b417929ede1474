import { connect, type Kube } from '../kube/client.ts'
import { STACK_NAMESPACE } from '../../stack/target.ts'
import type { Context } from './context.ts'
import { runningCluster, type TargetFlags } from './target.ts'

/** Of the embedded one no more than its API server: heal and halt must work where the stack is in pieces. */
export const clusterOf = (context: Context, flags: TargetFlags): { kube: Kube; namespace: string | undefined } => {
  const { kubeconfig, context: name, namespace } = flags
  if (kubeconfig !== undefined || name !== undefined) return { kube: connect({ kubeconfig, context: name }), namespace }
  const embedded = runningCluster(context, flags.name)
  return { kube: connect({ kubeconfig: embedded.kubeconfig }), namespace: namespace ?? STACK_NAMESPACE }
}
