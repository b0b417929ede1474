import type { V1Container, V1ResourceFieldSelector } from '../../kube/pod-types.ts'
import { parseQuantity } from '../../core/quantity.ts'

/**
 * The value of `limits.memory`, `requests.cpu` and their like in units of the divisor, rounded up; a limit that is not
 * set is the node's whole capacity, as in Kubernetes. Null for a resource that it does not offer.
 */
export const resourceValue = (
  { resource, divisor }: V1ResourceFieldSelector,
  container: V1Container,
  capacity: Record<string, string | undefined>,
): string | null => {
  const [list, name = ''] = resource.split('.')
  if (list !== 'limits' && list !== 'requests') return null
  const limit = container.resources?.limits?.[name] ?? capacity[name]
  const asked = list === 'limits' ? limit : (container.resources?.requests?.[name] ?? '0')
  const amount = parseQuantity(asked ?? '')
  // An unset divisor arrives as "0".
  const unit = parseQuantity(divisor ?? '1') || 1
  return amount === null ? null : String(Math.ceil(amount / unit - 1e-9))
}
