import type { FaultResource } from '../../lib/core/fault-resource.ts'

/** Unique in the cluster's life, by the UID, and short enough for a label, and for a Job's name with an ending of up to 14 characters. */
export const faultId = ({ metadata: { name, uid = '' } }: Pick<FaultResource, 'metadata'>): string =>
  `${name.slice(0, 40).replace(/[^a-z0-9-]/g, '-')}-${uid.slice(0, 8)}`
