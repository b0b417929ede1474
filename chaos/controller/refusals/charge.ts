import { z } from 'zod'
import { parseQuantity } from '../../../lib/core/quantity.ts'

const Amounts = z.record(z.string(), z.coerce.string()).nullish()

const Container = z.looseObject({
  resources: z.looseObject({ requests: Amounts, limits: Amounts }).nullish(),
  restartPolicy: z.string().nullish(),
})
type Container = z.infer<typeof Container>

/** A pod, as far as a ResourceQuota looks at it. */
export const ChargedPod = z.looseObject({
  spec: z.looseObject({
    activeDeadlineSeconds: z.number().nullish(),
    priorityClassName: z.string().nullish(),
    containers: z.array(Container),
    initContainers: z.array(Container).nullish(),
    overhead: Amounts,
  }),
})
export type ChargedPod = z.infer<typeof ChargedPod>

export interface Scope {
  scopeName: string
  operator: string
  values?: string[]
}

/** Whether a quota with these scopes counts the pod. One that we cannot read counts none: the API server knows better. */
export const counts = (scopes: readonly Scope[], pod: ChargedPod): boolean => scopes.every((scope) => isIn(scope, pod))

/**
 * What one pod takes of a quota's resource, nothing where that is no matter of pods: what all containers take together, or the most
 * that is taken while they are initialised. Init containers that stay (sidecars) add to all that comes after them.
 */
export const charge = (resource: string, { spec }: ChargedPod): number => {
  if (resource === 'pods' || resource === 'count/pods') return 1
  const [, of = 'requests', name = ''] = /^(?:(requests|limits)\.)?(.+)$/.exec(resource) ?? []
  const field = of === 'limits' ? 'limits' : 'requests'
  const amount = ({ resources }: Container): number => quantityOf(resources?.[field]?.[name])
  let [stay, most] = [0, 0]
  for (const container of spec.initContainers ?? []) {
    most = Math.max(most, stay + amount(container))
    if (container.restartPolicy === 'Always') stay += amount(container)
  }
  const taken = Math.max(
    most,
    spec.containers.reduce((sum, container) => sum + amount(container), stay),
  )
  // Without a limit, the overhead makes none.
  return field === 'limits' && taken === 0 ? 0 : taken + quantityOf(spec.overhead?.[name])
}

// --- Internal helpers ---

const quantityOf = (text = '0'): number => parseQuantity(text) ?? 0

const isIn = ({ scopeName, operator, values = [] }: Scope, pod: ChargedPod): boolean => {
  const { activeDeadlineSeconds, priorityClassName, containers, initContainers } = pod.spec
  const ends = typeof activeDeadlineSeconds === 'number'
  const bestEffort = [...containers, ...(initContainers ?? [])].every(({ resources }) =>
    [resources?.requests, resources?.limits].every(
      (amounts) => quantityOf(amounts?.['cpu']) === 0 && quantityOf(amounts?.['memory']) === 0,
    ),
  )
  switch (scopeName) {
    case 'Terminating':
      return ends
    case 'NotTerminating':
      return !ends
    case 'BestEffort':
      return bestEffort
    case 'NotBestEffort':
      return !bestEffort
    case 'PriorityClass':
      return chosen(operator, values, priorityClassName ?? '')
    default:
      return false
  }
}

const chosen = (operator: string, values: readonly string[], name: string): boolean => {
  switch (operator) {
    case 'In':
      return values.includes(name)
    case 'NotIn':
      return !values.includes(name)
    case 'Exists':
      return name !== ''
    case 'DoesNotExist':
      return name === ''
    default:
      return false
  }
}
