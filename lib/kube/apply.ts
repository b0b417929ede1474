import { type KubernetesObject, PatchStrategy } from '@kubernetes/client-node'
import type { Kube } from './client.ts'

const FIELD_MANAGER = 'firedrill'

/** Any object, as read from a manifest. */
export type Manifest = KubernetesObject & Record<string, unknown>

/** Server-side apply: creates the object, or brings the fields that firedrill owns to these values. */
export const apply = (kube: Kube, manifest: Manifest): Promise<KubernetesObject> =>
  kube.objects.patch(manifest, undefined, undefined, FIELD_MANAGER, true, PatchStrategy.ServerSideApply)
