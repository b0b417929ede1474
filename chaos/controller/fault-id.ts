import type { FaultResource } from '../../lib/core/fault-resource.ts'

/** Unique in the cluster's life and short enough for a Job's name and a label. */
export const faultId = ({ metadata: { name, uid = '' } }: Pick<FaultResource, 'metadata'>): string =>
  `${name.slice(0, 48).replace(/[^a-z0-9-]/g, '-')}-${uid.slice(0, 8)}`
