import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import { rbacManifests } from '../../chaos/controller/rbac.ts'
import { apply, type Manifest } from '../../lib/kube/apply.ts'
import { notPermitted } from '../../chaos/controller/refusals/permission.ts'
import { until } from '../../lib/core/until.ts'
import { connect, type Kube } from '../../lib/kube/client.ts'

interface Plane {
  kube: Kube
  kubeconfig: string
}

/** Applies these manifests, and gives a kubeconfig of the service account that is among them. */
export const accountOf = async ({ kube, kubeconfig }: Plane, manifests: readonly Manifest[]): Promise<string> => {
  for (const manifest of manifests) await apply(kube, manifest)
  const { name = '', namespace = '' } = manifests.find(({ kind }) => kind === 'ServiceAccount')?.metadata ?? {}
  const body = { spec: { audiences: [], expirationSeconds: 3_600 } }
  const { status } = await kube.core.createNamespacedServiceAccountToken({ name, namespace, body })
  const cluster = kube.config.getCurrentCluster()
  const path = join(dirname(kubeconfig), `kubeconfig-${namespace}-${name}`)
  const text = stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'limited',
    clusters: [{ name: 'c', cluster: { server: cluster?.server, 'certificate-authority-data': cluster?.caData } }],
    contexts: [{ name: 'limited', context: { cluster: 'c', user: name, namespace } }],
    users: [{ name, user: { token: status?.token } }],
  })
  await writeFile(path, text, { mode: 0o600 })
  return path
}

/** Connected as somebody who may do what these needs say, and nothing else; once the API server knows of it. */
export const limitedKube = async (
  plane: Plane,
  { namespace, name, needs }: { namespace: string; name: string; needs: readonly string[] },
): Promise<Kube> => {
  const kube = connect({ kubeconfig: await accountOf(plane, rbacManifests({ namespace, name, needs })) })
  const known = async (): Promise<boolean> => (await notPermitted(kube, namespace, needs)).length === 0
  await until(known, { what: `the rights of ${name}`, timeoutMs: 10_000, everyMs: 50 })
  return kube
}
