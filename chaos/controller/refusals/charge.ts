import { z } from 'zod'
import { parseQuantity } from '../../../lib/core/quantity.ts'

const Amounts = z.record(z.string(), z.coerce.string()).nullish()

/** A pod, as far as a ResourceQuota looks at it. */
export const ChargedPod = z.looseObject({
  spec: z.looseObject({
    activeDeadlineSeconds: z.number().nullish(),
    priorityClassName: z.string().nullish(),
    containers: z.array(z.looseObject({ resources: z.looseObject({ requests: Amounts, limits: Amounts }).nullish() })),
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

/** What one pod takes of a quota's resource: nothing where that is no matter of pods. */
export const charge = (resource: string, { spec: { containers } }: ChargedPod): number => {
  if (resource === 'pods' || resource === 'count/pods') return 1
  const [, of = 'requests', name = ''] = /^(?:(requests|limits)\.)?(.+)$/.exec(resource) ?? []
  const field = of === 'limits' ? 'limits' : 'requests'
  const amounts = containers.map(({ resources }) => parseQuantity(resources?.[field]?.[name] ?? '0') ?? 0)
  return amounts.reduce((sum, amount) => sum + amount, 0)
}

// --- Internal helpers ---

const isIn = ({ scopeName, operator, values = [] }: Scope, pod: ChargedPod): boolean => {
  const { activeDeadlineSeconds, priorityClassName, containers } = pod.spec
  const ends = typeof activeDeadlineSeconds === 'number'
  const bestEffort = containers.every(({ resources }) =>
    ['cpu', 'memory'].every((name) => !(name in { ...resources?.requests, ...resources?.limits })),
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
