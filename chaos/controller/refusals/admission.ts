import { UserError } from '../../../lib/core/errors.ts'
import { apiReason, statusCode } from '../../../lib/kube/errors.ts'

/** What the API server's refusal of a change means for whoever wants to break something there; null where it is none. */
export const admissionRefusal = (error: unknown, namespace: string): UserError | null => {
  const status = statusCode(error)
  if (status === null) return null
  const found = apiReason(error)
  const known = REFUSALS.find(({ says }) => says.test(found))
  if (known === undefined && !REFUSING.has(status)) return null
  const { code, expected, hint } = known ?? OTHER
  return new UserError({ code, message: `expected ${expected} in ${namespace}, found: ${found}`, hint, cause: error })
}

/** A quota that has no room now: with pods on their way out, it has later. */
export const isOutOfRoom = (error: unknown): boolean => statusCode(error) === 403 && OUT_OF_ROOM.test(apiReason(error))

// --- Internal helpers ---

const OUT_OF_ROOM = /exceeded quota: /

interface Refusal {
  says: RegExp
  code: string
  expected: string
  hint: string
}

const REFUSALS: readonly Refusal[] = [
  {
    says: /failed calling webhook/,
    code: 'webhook-broken',
    expected: 'admission webhooks that answer',
    hint: 'mend that webhook first: nothing can be changed there while it does not answer',
  },
  {
    says: /admission webhook .* denied/s,
    code: 'webhook-refused',
    expected: 'admission webhooks to let the fault be made',
    hint: 'exempt what firedrill creates (label firedrill.dev/fault) in that webhook, or take another namespace',
  },
  {
    says: /ValidatingAdmissionPolicy/,
    code: 'policy-refused',
    expected: 'admission policies to let the fault be made',
    hint: 'exempt what firedrill creates (label firedrill.dev/fault) in that policy, or take another namespace',
  },
  {
    says: /violates PodSecurity/,
    code: 'pod-security-refused',
    expected: 'Pod Security admission to let in the pods that the fault starts',
    hint: 'run the fault in a namespace whose label pod-security.kubernetes.io/enforce allows such pods',
  },
  {
    says: /(maximum|minimum) .* usage per (Container|Pod)|limit to request ratio per (Container|Pod)/,
    code: 'limit-range-refused',
    expected: 'the LimitRange to let in the pods that the fault starts',
    hint: 'look at it with: kubectl describe limitranges; change it, or take another namespace',
  },
  {
    says: /failed quota: .*must specify/,
    code: 'quota-unspecified',
    expected: 'the quota not to ask for requests and limits that the pods of the fault do not have',
    hint: 'give the namespace a LimitRange with defaults for them, or take another namespace',
  },
  {
    says: /serviceaccount .* not found/,
    code: 'service-account-missing',
    expected: 'the ServiceAccount of the pods that the fault starts',
    hint: 'create it, or take another namespace',
  },
  {
    says: /exceeded quota|failed quota/,
    code: 'quota-full',
    expected: 'the quota to leave room for what the fault creates',
    hint: 'raise the ResourceQuota, or take another namespace',
  },
  {
    says: /being terminated/,
    code: 'namespace-terminating',
    expected: 'a namespace that stays',
    hint: 'wait until it is gone, and take another',
  },
]

const OTHER = {
  code: 'change-refused',
  expected: 'the API server to accept the changes of the fault',
  hint: 'mend what it names, or take another namespace',
}

/** Bad request, forbidden, unprocessable. */
const REFUSING: ReadonlySet<number> = new Set([400, 403, 422])
