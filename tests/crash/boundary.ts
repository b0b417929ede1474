/**
 * What a controller can be killed at: a request that changes something. Left out, because nothing of a fault is in them:
 * Leases (who acts; they are renewed by the clock), questions that are asked by POST (access reviews), dry runs, and the
 * CustomResourceDefinition that `firedrill controller` applies when it starts.
 */
export const isBoundary = (method: string, url: string, isUpgrade = false): boolean => {
  const { pathname, searchParams } = new URL(url, 'https://cluster')
  if (searchParams.get('dryRun') === 'All') return false
  if (/\/(leases|customresourcedefinitions)(\/|$)/.test(pathname)) return false
  if (/^\/apis\/(authorization|authentication)\.k8s\.io\//.test(pathname)) return false
  return isUpgrade || ['POST', 'PUT', 'PATCH', 'DELETE'].includes(method)
}

/** `PUT faults/status Injecting`, `DELETE pods`: the same for the same act of another Fault. */
export const describeRequest = (method: string, url: string, body: string): string => {
  const { pathname } = new URL(url, 'https://cluster')
  const segments = pathname.split('/').filter((segment) => segment !== '')
  const rest = segments.slice(segments[0] === 'api' ? 2 : 3)
  const own = rest[0] === 'namespaces' && rest.length > 2 ? rest.slice(2) : rest
  const [plural = '', , ...sub] = own
  const resource = [plural, ...sub.slice(0, 1)].join('/')
  const phase = resource === 'faults/status' ? /"status":\{[^]*?"phase":"(\w+)"/.exec(body)?.[1] : undefined
  return [method, resource, ...(phase === undefined ? [] : [phase])].join(' ')
}
