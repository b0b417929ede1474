import { UserError } from '../../../lib/core/errors.ts'
import { isClusterScoped, parseNeed } from '../../../lib/core/need.ts'
import type { Kube } from '../../../lib/kube/client.ts'

/** Those of the needs that we are not allowed, asked all at once: nothing is tried for it. */
export const notPermitted = async (kube: Kube, namespace: string, needs: readonly string[]): Promise<string[]> => {
  const asked = [...new Set(needs)]
  const allowed = await Promise.all(asked.map((need) => isPermitted(kube, namespace, need)))
  return asked.filter((_, index) => allowed[index] === false)
}

/** Throws `not-permitted` with the verbs that are missing. */
export const requirePermitted = async (
  kube: Kube,
  { namespace, kind, needs }: { namespace: string; kind: string; needs: readonly string[] },
): Promise<void> => {
  const denied = await notPermitted(kube, namespace, needs)
  if (denied.length === 0) return
  throw new UserError({
    code: 'not-permitted',
    message: `expected the right to ${denied.join(', ')} in ${namespace}, found that RBAC does not give it`,
    hint: `give it with: firedrill rbac --fault ${kind} --namespace ${namespace} | kubectl apply -f -`,
  })
}

// --- Internal helpers ---

const isPermitted = async (kube: Kube, namespace: string, text: string): Promise<boolean> => {
  const need = parseNeed(text)
  const resourceAttributes = { ...need, ...(isClusterScoped(need) ? {} : { namespace }) }
  const body = { spec: { resourceAttributes } }
  return (await kube.authorization.createSelfSubjectAccessReview({ body })).status?.allowed === true
}
