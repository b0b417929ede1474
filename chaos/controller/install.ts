import { faults } from '../faults/registry.gen.ts'
import { UserError } from '../../lib/core/errors.ts'
import { until } from '../../lib/core/until.ts'
import { apply } from '../../lib/kube/apply.ts'
import { type Kube, reaching, statusCode } from '../../lib/kube/client.ts'
import { requireCrd } from './controller.ts'
import { faultCrd } from './crd.ts'
import { listFaults } from './fault-store.ts'

const ESTABLISH_TIMEOUT_MS = 30_000

/**
 * Applies the CustomResourceDefinition (chaos/controller/crd.gen.yaml is the same) and waits until the API server serves it. Where
 * that is not ours to do, somebody has done it: Faults of the namespace can be listed.
 */
export const installCrd = async (kube: Kube, namespace?: string): Promise<void> => {
  const crd = faultCrd(Object.values(faults))
  const { name } = crd.metadata
  try {
    await reaching(kube, apply(kube, crd))
  } catch (error) {
    if (namespace === undefined || !(error instanceof UserError) || statusCode(error.cause) !== 403) throw error
    return await requireCrd(kube, namespace)
  }
  // Established comes before the storage is there: 404, then 429, for a moment.
  const served = (): Promise<boolean> =>
    listFaults(kube).then(
      () => true,
      (error: unknown) => {
        if (statusCode(error) === 404 || statusCode(error) === 429) return false
        throw error
      },
    )
  const established = async (): Promise<boolean> => {
    const { status } = await kube.extensions.readCustomResourceDefinition({ name })
    return (
      (status?.conditions?.some((is) => is.type === 'Established' && is.status === 'True') ?? false) && (await served())
    )
  }
  await until(established, { what: `${name} to be established`, timeoutMs: ESTABLISH_TIMEOUT_MS, everyMs: 100 })
}
