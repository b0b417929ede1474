import { UserError } from '../../lib/core/errors.ts'
import { ALLOW_LABEL, HALT_ANNOTATION } from '../../lib/core/fault-resource.ts'
import { type Kube, orNull, reaching } from '../../lib/kube/client.ts'
import { servingState } from './serving.ts'

/** Never targets, whatever their labels say: the cluster's own, and who watches it. */
const SYSTEM = /^(kube-.*|openshift.*|monitoring|gpu-operator|cert-manager|istio-system|firedrill-system)$/

/** Throws `namespace-not-allowed` where faults may not be injected. */
export const requireAllowed = async (kube: Kube, namespace: string): Promise<void> => {
  if (SYSTEM.test(namespace)) {
    throw new UserError({
      code: 'namespace-not-allowed',
      message: `expected a namespace of an application, found ${namespace}, which the cluster or its monitoring lives in`,
      hint: 'run the serving pods in a namespace of their own and name it with --namespace',
    })
  }
  const found = await reaching(kube, orNull(kube.core.readNamespace({ name: namespace })))
  if (found === null) {
    throw new UserError({
      code: 'namespace-not-found',
      message: `expected a namespace ${namespace}, found none of that name`,
      hint: 'name the namespace of the serving pods with --namespace',
    })
  }
  const { labels, annotations, deletionTimestamp } = found.metadata ?? {}
  if (deletionTimestamp !== undefined) {
    throw new UserError({
      code: 'namespace-terminating',
      message: `expected namespace ${namespace} to stay, found that it is being deleted`,
      hint: 'wait until it is gone, and name another with --namespace',
    })
  }
  const label = labels?.[ALLOW_LABEL]
  if (label !== 'true') {
    throw new UserError({
      code: 'namespace-not-allowed',
      message: `expected namespace ${namespace} to be labelled ${ALLOW_LABEL}=true, found ${label === undefined ? 'no such label' : `"${label}"`}`,
      hint: `allow faults there with: kubectl label namespace ${namespace} ${ALLOW_LABEL}=true`,
    })
  }
  const halted = annotations?.[HALT_ANNOTATION]
  if (halted === undefined) return
  throw new UserError({
    code: 'halted',
    message: `expected namespace ${namespace} to take faults, found it halted ${halted}`,
    hint: `once that is over: firedrill halt --release --namespace ${namespace}`,
  })
}

/** Throws `no-serving-pods` where nothing ready answers to the selector; returns how many replicas the workload asks for. */
export const requireServingPods = async (kube: Kube, namespace: string, selector: string): Promise<number> => {
  const { pods, ready, replicas } = await servingState(kube, namespace, selector)
  if (ready > 0) return replicas
  throw new UserError({
    code: 'no-serving-pods',
    message: `expected ready pods with labels ${selector} in namespace ${namespace}, found ${pods.length === 0 ? 'none' : `${pods.length}, none of them ready`}`,
    hint: `look at them with: kubectl get pods --namespace ${namespace} --selector '${selector}', or name others with --selector`,
  })
}
